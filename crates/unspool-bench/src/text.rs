//! A generated text-like data set: many rare columns, a few common ones, two classes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Zipf};

use crate::error::{Error, Result};

/// Arguments of `unspool-bench text`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The svmlight file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Rows ("documents").
    #[arg(long, default_value_t = 20_000)]
    rows: usize,
    /// Columns ("words").
    #[arg(long, default_value_t = 50_000)]
    cols: usize,
    /// Words in a document.
    #[arg(long, default_value_t = 60)]
    words: usize,
    /// Seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Words by Zipf's law (exponent 1.1), each document's counts damped to `1 + ln(count)` and scaled to
/// length one; the class by the sign of a sum of word weights (a tenth of the words have one) plus
/// noise.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let zipf = Zipf::new(args.cols as f64, 1.1).map_err(|e| Error::Usage(format!("the number of columns: {e}")))?;
    let mut normal = {
        let mut rng = ChaCha8Rng::seed_from_u64(args.seed.wrapping_add(1));
        move || -> f64 { StandardNormal.sample(&mut rng) }
    };
    let weights: Vec<f64> = (0..args.cols).map(|_| if rng.random_bool(0.1) { 4.0 * normal() } else { 0.0 }).collect();
    let mut out = BufWriter::new(File::create(&args.out)?);
    let mut words: Vec<usize> = Vec::with_capacity(args.words);
    for _ in 0..args.rows {
        words.clear();
        words.extend((0..args.words).map(|_| zipf.sample(&mut rng) as usize - 1));
        words.sort_unstable();
        let counts: Vec<(usize, f64)> =
            words.chunk_by(|a, b| a == b).map(|run| (run[0], 1.0 + (run.len() as f64).ln())).collect();
        let length = counts.iter().map(|(_, v)| v * v).sum::<f64>().sqrt();
        let margin: f64 = counts.iter().map(|&(j, v)| weights[j] * v / length).sum::<f64>() + 0.3 * normal();
        write!(out, "{}", if margin >= 0.0 { "+1" } else { "-1" })?;
        for (j, v) in counts {
            write!(out, " {}:{:.5}", j + 1, v / length)?;
        }
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
