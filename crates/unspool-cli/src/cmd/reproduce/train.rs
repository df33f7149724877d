//! Networks trained again, by the recipes that made the weights that are shipped.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unspool_image::Image;
use unspool_report::number::Format::Short;
use unspool_report::{Axis, Block, Curves, Part, Series, round};
use unspool_restore::Recipe as ImageRecipe;
use unspool_restore::patches::Drawing;
use unspool_topology::data::Mixture;
use unspool_topology::recipe::{Drawn, Network as GraphNetwork, Recipe as GraphRecipe};
use unspool_train::trainer::Event;
use unspool_train::{Ended, Epoch, Layout, RunFolder, weights};

use super::{Desk, Job, photos};
use crate::args::{ReproduceArgs, SectionArg};
use crate::exit::Failure;

/// Networks by name, with the preset of their recipe and a title.
const GRAPHS: [(&str, &str, &str, &str); 3] = [
    ("unrolling", "unrolling", "train-unrolling", "Training of Unrolling"),
    ("l2g", "l2g", "train-l2g", "Training of L2G"),
    ("learned", "learned", "train-learned", "Training of the graph network"),
];
const IMAGES: [(&str, &str, &str, &str); 4] = [
    ("demosaick", "learned", "train-demosaick", "Training of the demosaicking network"),
    ("interpolate", "interpolation", "train-interpolate", "Training of the interpolation network"),
    ("uglr", "uglr", "train-uglr", "Training of uGLR"),
    ("ugtv", "ugtv", "train-ugtv", "Training of uGTV"),
];
/// Each so many-th photo validates.
const VALIDATE_EACH: usize = 10;

/// Refuses networks that there are not, and image networks without photos.
pub(super) fn check(args: &ReproduceArgs) -> Result<(), Failure> {
    for name in &args.train {
        let is_image = IMAGES.iter().any(|(other, ..)| other == name);
        if !is_image && !GRAPHS.iter().any(|(other, ..)| other == name) {
            let names: Vec<&str> = GRAPHS.iter().chain(&IMAGES).map(|(name, ..)| *name).collect();
            let message = format!("there is no network {name:?} to train");
            return Err(Failure::new(message, format!("there are {}", names.join(", "))));
        }
        if is_image && args.data.is_none() {
            let message = format!("{name} needs photos to train on");
            return Err(Failure::new(message, "name a folder of photos by --data"));
        }
    }
    Ok(())
}

/// Whether this run trains the network.
fn is_trained(args: &ReproduceArgs, name: &str) -> bool {
    let of = |list: &[(&str, &str, &str, &str)]| list.iter().any(|(other, ..)| *other == name);
    let asked = |section| args.section == section || args.section == SectionArg::All;
    let here =
        of(&GRAPHS) && asked(SectionArg::Graphs) || of(&IMAGES) && asked(SectionArg::Images) && args.data.is_some();
    here && args.full && (args.train.is_empty() || args.train.iter().any(|other| other == name))
}

/// Where the weights are that this run trains.
pub(super) fn weights(desk: &Desk, name: &str) -> Option<PathBuf> {
    is_trained(desk.args, name).then(|| run_of(desk, name).join("weights.safetensors"))
}

/// Values of these parameters from a file.
pub(super) fn values(path: &Path, layout: &Layout) -> Result<Vec<f32>, Failure> {
    Ok(weights::File::read(path).and_then(|file| file.values(layout))?)
}

/// The recipes of what this run trains for a section: what comes after depends on them.
pub(super) fn recipes(desk: &Desk, section: SectionArg) -> Value {
    let list = if section == SectionArg::Graphs { &GRAPHS[..] } else { &IMAGES[..] };
    let of = |(name, preset, ..): &(&str, &str, &str, &str)| {
        let recipe = match section {
            SectionArg::Graphs => json!(graph_recipe(desk.args, preset)),
            _ => json!(image_recipe(desk.args, preset)),
        };
        ((*name).to_owned(), recipe)
    };
    Value::Object(list.iter().filter(|(name, ..)| is_trained(desk.args, name)).map(of).collect())
}

fn run_of(desk: &Desk, name: &str) -> PathBuf {
    desk.folder.path().join("runs").join(name)
}

fn graph_recipe(args: &ReproduceArgs, preset: &str) -> Option<GraphRecipe> {
    let mut recipe = GraphRecipe::preset(preset)?;
    recipe.training.epochs = args.epochs.map_or(recipe.training.epochs, |epochs| epochs as usize);
    recipe.training.seed = recipe.training.seed.wrapping_add(args.seed);
    if args.tiny {
        match &mut recipe.model {
            GraphNetwork::Learned { data, validation } => {
                *data = Mixture { examples: 32, nodes: [12, 16], ..data.clone() };
                *validation = 8;
            }
            GraphNetwork::Unrolling { data, .. } | GraphNetwork::L2g { data } => {
                *data = Drawn { training: 64, validation: 16, signals: 300, ..data.clone() };
            }
        }
    }
    Some(recipe)
}

fn image_recipe(args: &ReproduceArgs, preset: &str) -> Option<ImageRecipe> {
    let mut recipe = ImageRecipe::preset(preset)?;
    recipe.training.epochs = args.epochs.map_or(recipe.training.epochs, |epochs| epochs as usize);
    recipe.training.seed = recipe.training.seed.wrapping_add(args.seed);
    if args.tiny {
        recipe.patches = Drawing { count: 16, size: 32, ..recipe.patches };
        recipe.validation = Drawing { count: 4, size: 32, ..recipe.validation };
    }
    Some(recipe)
}

/// Trainings of graph networks.
pub(super) fn graphs(desk: &Desk) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    for (name, preset, id, title) in GRAPHS.into_iter().filter(|(name, ..)| is_trained(desk.args, name)) {
        let Some(recipe) = graph_recipe(desk.args, preset) else { continue };
        let config = json!({ "recipe": recipe });
        let make = move |desk: &Desk| {
            let epochs = recipe.training.epochs;
            trained(desk, name, &json!(recipe), epochs, |folder, tell| Ok(recipe.train(folder, tell)?))
        };
        jobs.push(Job { id, title, config, make: Box::new(make) });
    }
    Ok(jobs)
}

/// Trainings of image networks.
pub(super) fn images(desk: &Desk) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    let Some(data) = desk.args.data.clone().filter(|_| desk.args.full) else { return Ok(jobs) };
    for (name, preset, id, title) in IMAGES.into_iter().filter(|(name, ..)| is_trained(desk.args, name)) {
        let Some(recipe) = image_recipe(desk.args, preset) else { continue };
        let config = json!({ "recipe": recipe });
        let data = data.clone();
        let make = move |desk: &Desk| {
            desk.share.stage("reading photos");
            let (images, validation) = split(photos::folder(&data)?.into_iter().map(|photo| photo.image));
            if validation.is_empty() {
                let problem = format!("{} photos are too few to keep some aside", images.len());
                return Err(Failure::new(problem, "give at least 10"));
            }
            let config = json!({ "recipe": recipe, "photos": images.len(), "validation": validation.len() });
            let epochs = recipe.training.epochs;
            trained(desk, name, &config, epochs, |folder, tell| {
                Ok(recipe.train(&images, &validation, None, folder, tell)?)
            })
        };
        jobs.push(Job { id, title, config, make: Box::new(make) });
    }
    Ok(jobs)
}

/// Photos to train on, and those kept aside.
fn split(photos: impl Iterator<Item = Image>) -> (Vec<Image>, Vec<Image>) {
    let (mut kept, mut aside) = (Vec::new(), Vec::new());
    for (k, photo) in photos.enumerate() {
        if k % VALIDATE_EACH == VALIDATE_EACH - 1 { &mut aside } else { &mut kept }.push(photo);
    }
    (kept, aside)
}

/// Trains in the network's folder, from its checkpoint if there is one.
fn trained(
    desk: &Desk,
    name: &str,
    config: &Value,
    epochs: usize,
    train: impl FnOnce(&RunFolder, &mut dyn FnMut(Event) -> ControlFlow<()>) -> Result<Ended, Failure>,
) -> Result<Option<Part>, Failure> {
    let folder = RunFolder::open(&run_of(desk, name), config, true)?;
    desk.stop
        .be_patient(Some("stopping at a checkpoint; the same command goes on from there; Ctrl-C again quits at once"));
    let ended = train(&folder, &mut |event| {
        if let Event::Batch(epoch, batch, of, loss) = event {
            if batch == 1 {
                desk.share.stage(&format!("{name}: epoch {epoch}/{epochs}  loss {loss:.4}"));
            }
            desk.share.show(batch as f64 / of as f64);
        }
        if desk.stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    desk.stop.be_patient(None);
    if ended == Ended::Interrupted {
        return Ok(None);
    }
    let text = std::fs::read_to_string(folder.metrics()).unwrap_or_default();
    let all: Vec<Epoch> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut part = Part::new("", "").saying(
        "Trained by the recipe that made the weights that are shipped; the best epoch is kept, and what follows uses it.",
    );
    if let Some((metric, _)) = all.first().and_then(|epoch| epoch.validation.first()) {
        let values: Vec<f64> = all.iter().filter_map(|e| Some(e.validation.first()?.1)).collect();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        part = part.finding(format!(
            "{} epochs; {metric} on data kept aside from {} to {}.",
            all.len(),
            Short.show(values.first().copied().unwrap_or(f64::NAN)),
            Short.show(values.last().copied().unwrap_or(f64::NAN))
        ));
        part = part.with(course(name, metric, &values, (low, high)));
    }
    Ok(Some(part))
}

/// The metric on data kept aside, epoch by epoch.
fn course(name: &str, metric: &str, values: &[f64], (low, high): (f64, f64)) -> Block {
    let y = values.iter().map(|v| v.is_finite().then(|| round(*v, 5))).collect();
    let pad = 0.05 * (high - low).max(1e-9);
    Block::Curves(Curves {
        id: format!("train-{name}-course"),
        title: format!("{metric} on data kept aside"),
        caption: "Epoch by epoch.".into(),
        x: (1..=values.len()).map(|k| k as f64).collect(),
        x_axis: Axis { label: "epoch".into(), log: false, low: 1.0, high: values.len().max(2) as f64 },
        y_axis: Axis { label: metric.into(), log: false, low: round(low - pad, 5), high: round(high + pad, 5) },
        series: vec![Series { name: metric.into(), color: 5, theory: false, y }],
        dotted: "theory".into(),
        marks: Vec::new(),
        files: Vec::new(),
    })
}
