//! `unspool train`.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use serde::de::DeserializeOwned;
use unspool_topology::recipe::Recipe;
use unspool_train::trainer::Event;
use unspool_train::{Ended, RunFolder};

use crate::args::{TrainCommand, TrainGraphArgs};
use crate::exit::{Done, Failure};
use crate::output;
use crate::picture;
use crate::progress::Share;

/// Trains.
pub(crate) fn run(command: &TrainCommand) -> Result<Done, Failure> {
    let args = match command {
        TrainCommand::Graph(args) => args,
        TrainCommand::Image(args) => return super::image::train::run(args),
    };
    super::build_threads(args.threads)?;
    let recipe = recipe(args)?;
    let config = serde_json::to_value(&recipe).unwrap_or_default();
    if args.show {
        output::print(format!("{config:#}\n").as_bytes())?;
        return Ok(Done::Well);
    }
    let folder = RunFolder::open(&args.out, &config, args.resume)?;
    let share = Share::new(args.quiet);
    share.stage("drawing graphs");
    report(&folder, &args.out, recipe.training.epochs, args.quiet, share, |tell| Ok(recipe.train(&folder, tell)?))
}

/// Runs a training: shows how it goes, stops at Ctrl-C, draws the curves, says how it ended.
pub(super) fn report(
    folder: &RunFolder,
    out: &Path,
    epochs: usize,
    quiet: bool,
    share: Share,
    train: impl FnOnce(&mut dyn FnMut(Event) -> ControlFlow<()>) -> Result<Ended, Failure>,
) -> Result<Done, Failure> {
    let stop = super::stop_at_ctrl_c("stopping; the checkpoint is written, --resume goes on from it")?;
    let clock = Instant::now();
    let ended = train(&mut |event| {
        match event {
            Event::Batch(epoch, batch, of, loss) => {
                if batch == 1 {
                    share.stage(&format!("epoch {epoch}/{epochs}  loss {loss:.4}"));
                }
                share.show(batch as f64 / of as f64);
            }
            Event::Epoch(epoch) => {
                let text: Vec<_> = epoch.validation.iter().map(|(name, value)| format!("{name} {value:.5}")).collect();
                if !quiet {
                    output::tell(&format!("epoch {}: loss {:.5}, {}", epoch.epoch, epoch.loss, text.join(", ")));
                }
            }
        }
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    share.finish();
    let text = std::fs::read_to_string(folder.metrics()).unwrap_or_default();
    let all: Vec<unspool_train::Epoch> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if all.len() > 1 {
        let picture = folder.file("curves.png");
        output::write(&picture, &picture::draw_training(&all)?.png, true)?;
    }
    let seconds = clock.elapsed().as_secs_f64();
    let what = match ended {
        Ended::Finished => "finished",
        Ended::Early => "stopped early: no better epoch for a while",
        Ended::Interrupted => "stopped; go on with --resume",
    };
    output::print(format!("{what}, {seconds:.1} s\nrun      {}\n", out.display()).as_bytes())?;
    Ok(if ended == Ended::Interrupted { Done::Unfinished } else { Done::Well })
}

/// A configuration from a file.
pub(super) fn configuration<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("{}: cannot be read: {e}", path.display()), "look at the name"))?;
    serde_json::from_str(&text).map_err(|e| {
        let hint = format!("`unspool train {what} --show` prints one that is right");
        Failure::new(format!("{}: {e}", path.display()), hint)
    })
}

/// The configuration, with what the command line changes.
fn recipe(args: &TrainGraphArgs) -> Result<Recipe, Failure> {
    let mut recipe = match &args.config {
        Some(path) => configuration(path, "graph")?,
        None => Recipe::preset(&args.preset).ok_or_else(|| {
            let hint = format!("there are {}", Recipe::PRESETS.join(", "));
            Failure::new(format!("there is no preset {:?}", args.preset), hint)
        })?,
    };
    if let Some(epochs) = args.epochs {
        recipe.training.epochs = epochs;
    }
    if let Some(seed) = args.seed {
        recipe.training.seed = seed;
    }
    Ok(recipe)
}
