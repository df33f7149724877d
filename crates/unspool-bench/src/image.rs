//! Graph-smoothness transformers: the forward pass on 512 x 768 pixels, a training step on 4 patches of 64 x 64; and the
//! 3 x 3 convolution as a share of the multiply-adds that the machine can do.
//!
//! `forward` and `step` are what `peer_graph_transformer.py bench` times.

use std::ops::ControlFlow;

use unspool_core::dispatched;
use unspool_core::kernels::simd::{Lane, lanes};
use unspool_image::{Cfa, Image};
use unspool_restore::train::Sample;
use unspool_restore::{Demosaicker, Grid, Observed, Prior, Shape, Supervised, Transformer, conv};
use unspool_train::{Settings, Trainer};

use crate::error::{Error, Result};
use crate::measure::{self, Effort, Timing};
use crate::record::Record;
use crate::suite;

/// Arguments of `image`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Rows of the image of the forward cases.
    #[arg(long, default_value_t = 512, value_name = "N")]
    height: usize,
    /// Its columns.
    #[arg(long, default_value_t = 768, value_name = "N")]
    width: usize,
    #[command(flatten)]
    suite: suite::Args,
}

const CASES: [&str; 9] = [
    "uglr/forward",
    "ugtv/forward",
    "learned/forward",
    "uglr/step",
    "ugtv/step",
    "learned/step",
    "peak/fma",
    "conv/planes",
    "conv/kernels",
];

/// Patches of a training step, and their rows and columns.
const BATCH: usize = 4;
const PATCH: usize = 64;
/// Maps of the convolution.
const MAPS: usize = 48;
/// Multiply-adds of a register in a repetition of `peak`.
const STEPS: usize = 20_000_000;

/// The command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let names = CASES.map(str::to_owned);
    let measure = |name: &str, effort: Effort| {
        let timing = match name.split_once('/') {
            Some(("peak", _)) => return Ok(rate(name, args, registers() as f64, peak(effort)?)),
            Some(("conv", part)) => {
                let (products, timing) = convolution(part == "kernels", effort)?;
                return Ok(rate(name, args, products, timing));
            }
            Some(("learned", "forward")) => learned(args, effort)?,
            Some(("learned", _)) => step(&Demosaicker::shipped(), &mosaics(), effort)?,
            Some((model, "forward")) => forward(&transformer(model), args, effort)?,
            Some((model, _)) => step(&Supervised::new(transformer(model)), &samples(), effort)?,
            None => return Err(Error::Usage(format!("no case is called `{name}`"))),
        };
        Ok(Record::new(name.to_owned(), args.suite.threads, &timing))
    };
    suite::run(&args.suite, &names, |_| Ok(()), measure)
}

/// A record with multiply-adds a second of CPU time.
fn rate(name: &str, args: &Args, products: f64, timing: Timing) -> Record {
    let mut record = Record::new(name.to_owned(), args.suite.threads, &timing);
    record.fma_per_s = record.cpu_min_s.map(|s| products / s);
    record
}

fn transformer(name: &str) -> Transformer {
    Transformer::new(Shape::paper(if name == "uglr" { Prior::Glr } else { Prior::Gtv }, 3))
}

fn photo(height: usize, width: usize, seed: usize) -> Image {
    let value = |k: usize| (k.wrapping_mul(2_654_435_761) >> 8 & 0xffff) as f32 / 65_535.0;
    Image::from_fn(3, height, width, |c, y, x| value(seed + c + 3 * (x + width * y)))
}

fn forward(net: &Transformer, args: &Args, effort: Effort) -> Result<Timing> {
    let image = photo(args.height, args.width, 1);
    let mask = Cfa::Rggb.mask(args.height, args.width);
    let theta: Vec<f32> = net.layout().init(0);
    let work = || {
        let observed = Observed::new(args.height, args.width, image.data(), mask.known());
        Ok::<_, Error>(observed.image(&net.restore(&theta, &observed)))
    };
    Ok(measure::repeat(effort, work)?.1)
}

fn learned(args: &Args, effort: Effort) -> Result<Timing> {
    let net = Demosaicker::shipped();
    let theta = net.shipped_weights().map_err(Error::Train)?;
    let mosaic = Cfa::Rggb.mosaic(&photo(args.height, args.width, 1)).map_err(Error::Image)?;
    let work = || net.demosaick(&theta, &mosaic, Cfa::Rggb, 0.0).map_err(Error::Image);
    Ok(measure::repeat(effort, work)?.1)
}

fn samples() -> Vec<Sample> {
    let mask = Cfa::Rggb.mask(PATCH, PATCH);
    let one = |k| photo(PATCH, PATCH, 1 + k);
    (0..BATCH).map(|k| Sample { target: one(k), observed: one(k), mask: mask.clone() }).collect()
}

fn mosaics() -> Vec<unspool_restore::learned::demosaick::Mosaic> {
    let of = |target: Image| {
        let mosaic = Cfa::Rggb.mosaic(&target)?;
        Ok(unspool_restore::learned::demosaick::Mosaic { target, mosaic, sigma: 0.0 })
    };
    let drawn: unspool_image::Result<Vec<_>> = (0..BATCH).map(|k| of(photo(PATCH, PATCH, 1 + k))).collect();
    drawn.unwrap_or_default()
}

/// Steps of training, timed without the validation that ends the epoch.
fn step<M: unspool_train::Model<f32>>(net: &M, samples: &[M::Sample], effort: Effort) -> Result<Timing>
where
    M::Sample: Clone,
{
    let settings = Settings { epochs: 1, batch: BATCH, ..Settings::default() };
    let mut trainer = Trainer::new(net, settings).map_err(Error::Train)?;
    let all: Vec<M::Sample> =
        samples.iter().cycle().take(BATCH * (effort.reps.max(measure::LEAST_REPS) + 2)).cloned().collect();
    let clock = || (std::time::Instant::now(), measure::cpu_seconds());
    let (mut timing, begin) = (Timing::default(), std::time::Instant::now());
    let before = measure::peak_mb();
    let mut last = clock();
    let mut first = true;
    let ended = trainer.run(&all[..], &samples[..1], None, |_| {
        let now = clock();
        if !std::mem::take(&mut first) {
            timing.wall.push((now.0 - last.0).as_secs_f64());
            timing.cpu.extend(now.1.zip(last.1).map(|(end, start)| end - start));
        }
        last = clock();
        let done = timing.wall.len();
        let stop = done >= measure::LEAST_REPS && (done >= effort.reps || begin.elapsed() >= effort.budget);
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    ended.map_err(Error::Train)?;
    timing.wall.sort_by(f64::total_cmp);
    timing.cpu.sort_by(f64::total_cmp);
    timing.peak_mb = measure::peak_mb();
    timing.added_mb = timing.peak_mb.zip(before).map(|(end, start)| end - start);
    Ok(timing)
}

/// One layer of the feature networks on one thread: multiply-adds, time.
fn convolution(kernels: bool, effort: Effort) -> Result<(f64, Timing)> {
    let grid = Grid::new(PATCH, PATCH);
    let (plane, mut inside) = (grid.plane(), vec![0.0f32; grid.plane()]);
    grid.inside(&mut inside);
    let mut x = vec![0.0f32; MAPS * plane];
    for x in x.chunks_exact_mut(plane) {
        grid.put(photo(PATCH, PATCH, 5).plane(0), x);
    }
    let weights = vec![1e-3f32; MAPS * MAPS * 9];
    let mut packed = vec![0.0f32; conv::packed_len(MAPS, MAPS)];
    conv::pack(&weights, MAPS, MAPS, &mut packed);
    let (mut out, mut gkernels, mut gbias) = (vec![0.0f32; x.len()], weights.clone(), vec![0.0f32; MAPS]);
    const REPEATS: usize = 20;
    let work = || {
        for _ in 0..REPEATS {
            if kernels {
                conv::kernels_vjp(grid, &x, &x, &inside, &mut gkernels, &mut gbias);
            } else {
                conv::forward(grid, &x, &packed, None, &mut out);
            }
        }
        Ok::<_, Error>(())
    };
    let products = (REPEATS * MAPS * MAPS * 9 * PATCH * PATCH) as f64;
    Ok((products, measure::repeat(effort, work)?.1))
}

fn peak(effort: Effort) -> Result<Timing> {
    Ok(measure::repeat(effort, || Ok::<_, Error>(multiply_adds(0.999f32)))?.1)
}

/// Multiply-adds of a repetition of [`multiply_adds`].
fn registers() -> usize {
    STEPS * ACCUMULATORS * lanes_of(0.0f32)
}

/// Sums that do not wait for each other.
const ACCUMULATORS: usize = 12;

dispatched! {
    fn multiply_adds<T: Lane>(simd: S, x: T) -> T {
        let x = T::splat(simd, x);
        let mut sums = [x; ACCUMULATORS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = T::mul_add(simd, *sum, x, x);
            }
        }
        let total = sums.into_iter().reduce(|a, b| T::add(simd, a, b));
        total.map_or(T::ZERO, |total| T::sum(simd, total))
    }

    fn lanes_of<T: Lane>(_simd: S, _x: T) -> usize {
        lanes::<S, T>()
    }
}
