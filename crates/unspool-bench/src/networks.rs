//! Unrolling and L2G: an epoch of training, and the forward pass of 64 graphs. `bench/peer_l2g.py` is the other side.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use rayon::prelude::*;
use unspool_graph::generate::Family;
use unspool_topology::data::{Order, labelled};
use unspool_topology::{L2g, Labelled, Unrolling, l2g, unrolling};
use unspool_train::params::stream;
use unspool_train::{Model, Settings, Trainer};

use crate::error::{Error, Result};
use crate::measure;

const NODES: usize = 20;
const GRAPHS: usize = 6400;

/// Arguments of `networks`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Epochs to time, each by itself.
    #[arg(long, default_value_t = 3, value_name = "N")]
    epochs: usize,
    /// Threads.
    #[arg(long, default_value_t = 2, value_name = "N")]
    threads: usize,
}

/// The command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let family = Family::BarabasiAlbert { attach: 3 };
    let draw = |k: usize| labelled(&family, NODES, 3000, Order::Generator, k as u64);
    let failed = |source| Error::Graph { case: "ba:3 20".into(), source };
    let data: Vec<Labelled<f32>> =
        pool.install(|| (0..GRAPHS).into_par_iter().map(draw).collect::<unspool_graph::Result<_>>()).map_err(failed)?;
    let (plain, l2g_net) = (Unrolling::new(unrolling::LAYERS, false), L2g::new(NODES, unrolling::LAYERS));
    pool.install(|| {
        epochs("unrolling", &plain, &data, args.epochs)?;
        epochs("l2g", &l2g_net, &data, args.epochs)
    })?;
    let theta: Vec<f32> = Model::<f32>::layout(&plain).init(0);
    forward("unrolling", &pool, &data, |graphs, out: &mut Vec<f32>| {
        let z: Vec<&[f32]> = graphs.iter().map(|graph| graph.z.as_slice()).collect();
        out.resize(z.iter().map(|z| z.len()).sum(), 0.0);
        plain.forward_batch(&theta, NODES, &z, out)
    })?;
    let theta: Vec<f32> = Model::<f32>::layout(&l2g_net).init(0);
    forward("l2g", &pool, &data, |graphs, batch: &mut l2g::BatchMemory<f32>| {
        let z: Vec<&[f32]> = graphs.iter().map(|graph| graph.z.as_slice()).collect();
        l2g_net.predict_batch(&theta, NODES, &z, &mut stream(0, 0, 0), batch)
    })
}

fn epochs<M: Model<f32, Sample = Labelled<f32>>>(
    name: &str,
    net: &M,
    data: &[Labelled<f32>],
    count: usize,
) -> Result<()> {
    for epoch in 1..=count {
        let mut trainer = Trainer::new(net, Settings { epochs: 1, ..Settings::default() }).map_err(Error::Train)?;
        let (clock, before) = (Instant::now(), cpu());
        // one graph to validate on
        trainer.run(data, &data[..1], None, |_| ControlFlow::Continue(())).map_err(Error::Train)?;
        let (wall, cpu) = (clock.elapsed().as_secs_f64(), cpu() - before);
        writeln!(stdout(), "{name} epoch {epoch}: {wall:.3} s, {cpu:.3} CPU s")?;
    }
    Ok(())
}

fn forward<T: Default + Send>(
    name: &str,
    pool: &rayon::ThreadPool,
    data: &[Labelled<f32>],
    some: impl Fn(&[Labelled<f32>], &mut T) -> unspool_graph::Result<()> + Sync,
) -> Result<()> {
    const REPEATS: u32 = 200;
    let failed = |source| Error::Graph { case: name.to_owned(), source };
    let mut memory: Vec<T> = (0..2).map(|_| T::default()).collect();
    let mut batch = || {
        pool.install(|| {
            memory.par_iter_mut().zip(data[..64].par_chunks(32)).try_for_each(|(memory, graphs)| some(graphs, memory))
        })
    };
    batch().map_err(failed)?;
    let (clock, before) = (Instant::now(), cpu());
    for _ in 0..REPEATS {
        batch().map_err(failed)?;
    }
    let (wall, cpu) = (clock.elapsed().as_secs_f64(), cpu() - before);
    let each = f64::from(REPEATS);
    writeln!(stdout(), "{name} forward of 64: {:.6} s, {:.6} CPU s", wall / each, cpu / each)?;
    Ok(())
}

/// CPU seconds so far; no number where the system does not tell.
fn cpu() -> f64 {
    measure::cpu_seconds().unwrap_or(f64::NAN)
}
