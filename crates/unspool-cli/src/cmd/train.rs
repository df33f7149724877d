//! `unspool train`.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Instant;

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
    let TrainCommand::Graph(args) = command;
    super::build_threads(args.threads)?;
    let recipe = recipe(args)?;
    let config = serde_json::to_value(&recipe).unwrap_or_default();
    if args.show {
        output::print(format!("{config:#}\n").as_bytes())?;
        return Ok(Done::Well);
    }
    let folder = RunFolder::open(&args.out, &config, args.resume)?;
    let stop = super::stop_at_ctrl_c("stopping; the checkpoint is written, --resume goes on from it")?;
    let share = Share::new(args.quiet);
    share.stage("drawing graphs");
    let clock = Instant::now();
    let mut history = Vec::new();
    let epochs = recipe.training.epochs;
    let ended = recipe.train(&folder, |event| {
        match event {
            Event::Batch(epoch, batch, of, loss) => {
                if batch == 1 {
                    share.stage(&format!("epoch {epoch}/{epochs}  loss {loss:.4}"));
                }
                share.show(batch as f64 / of as f64);
            }
            Event::Epoch(epoch) => {
                let text: Vec<_> = epoch.validation.iter().map(|(name, value)| format!("{name} {value:.5}")).collect();
                if !args.quiet {
                    let loss = epoch.loss;
                    output::tell(&format!("epoch {}: loss {loss:.5}, {}", epoch.epoch, text.join(", ")));
                }
                history.push(epoch.clone());
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
    output::print(format!("{what}, {seconds:.1} s\nrun      {}\n", args.out.display()).as_bytes())?;
    Ok(if ended == Ended::Interrupted { Done::Unfinished } else { Done::Well })
}

/// The configuration, with what the command line changes.
fn recipe(args: &TrainGraphArgs) -> Result<Recipe, Failure> {
    let mut recipe = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::new(format!("{}: cannot be read: {e}", path.display()), "look at the name"))?;
            serde_json::from_str(&text).map_err(|e| {
                let hint = "`unspool train graph --show` prints one that is right";
                Failure::new(format!("{}: {e}", path.display()), hint)
            })?
        }
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
