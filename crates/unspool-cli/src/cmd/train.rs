//! `unspool train`.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use unspool_topology::recipe::Recipe;
use unspool_train::trainer::Event;
use unspool_train::{Ended, RunFolder};

use super::stop::Stop;
use crate::args::{Running, TrainCommand, TrainGraphArgs};
use crate::exit::{Done, Failure};
use crate::output;
use crate::picture;
use crate::progress::Share;
use crate::settings::told;

/// Trains.
pub(crate) fn run(command: &TrainCommand) -> Result<Done, Failure> {
    let args = match command {
        TrainCommand::Graph(args) => args,
        TrainCommand::Image(args) => return super::image::train::run(args),
    };
    super::build_threads(args.running.threads)?;
    let recipe = recipe(args)?;
    let config = serde_json::to_value(&recipe).unwrap_or_default();
    if args.show {
        output::print(format!("{config:#}\n").as_bytes())?;
        return Ok(Done::Well);
    }
    let folder = RunFolder::open(&args.out, &config, args.resume)?;
    let share = Share::new(args.running.quiet);
    share.stage("drawing graphs");
    report(&folder, &args.out, recipe.training.epochs, &args.running, share, |tell| Ok(recipe.train(&folder, tell)?))
}

/// Runs a training: shows how it goes, stops at Ctrl-C, draws the curves, says how it ended.
pub(super) fn report(
    folder: &RunFolder,
    out: &Path,
    epochs: usize,
    running: &Running,
    share: Share,
    train: impl FnOnce(&mut dyn FnMut(Event) -> ControlFlow<()>) -> Result<Ended, Failure>,
) -> Result<Done, Failure> {
    let stop = Stop::watch(running, "stopping; the checkpoint is written, --resume goes on from it")?;
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
                if !running.quiet {
                    output::tell(&format!("epoch {}: loss {:.5}, {}", epoch.epoch, epoch.loss, text.join(", ")));
                }
            }
        }
        if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
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

/// A recipe from a file, TOML or JSON; `config.json` of a run may hold it as a part.
pub(super) fn configuration<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Failure> {
    let failed = |e: &dyn std::fmt::Display| {
        let hint = format!("`unspool train {what} --show` prints one that is right");
        Failure::new(format!("{}: {}", path.display(), e.to_string().trim_end()), hint)
    };
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("{}: cannot be read: {e}", path.display()), "look at the name"))?;
    let mut whole: Value = if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml")) {
        toml::from_str(&text).map_err(|e: toml::de::Error| failed(&told(&e, &text)))?
    } else {
        serde_json::from_str(&text).map_err(|e| failed(&e))?
    };
    let recipe = whole.get_mut("recipe").map(Value::take).unwrap_or(whole);
    serde_json::from_value(recipe).map_err(|e| failed(&e))
}

/// The recipe with some of its numbers changed: each text is KEY=VALUE, the key with dots.
pub(super) fn changed<T: Serialize + DeserializeOwned>(recipe: T, changes: &[String]) -> Result<T, Failure> {
    if changes.is_empty() {
        return Ok(recipe);
    }
    let refused =
        |change: &str, why: String| Failure::new(format!("--set {change}: {why}"), "`--show` prints all keys");
    let mut whole = serde_json::to_value(recipe).map_err(|e| refused("", e.to_string()))?;
    for change in changes {
        let (key, text) =
            change.split_once('=').ok_or_else(|| refused(change, "is not of the form KEY=VALUE".into()))?;
        let place = whole.pointer_mut(&format!("/{}", key.trim().replace('.', "/")));
        let place = place.ok_or_else(|| refused(change, format!("there is no {:?} in this recipe", key.trim())))?;
        *place = serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::String(text.trim().to_owned()));
    }
    serde_json::from_value(whole).map_err(|e| refused(&changes.join(" --set "), e.to_string()))
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
    changed(recipe, &args.set)
}
