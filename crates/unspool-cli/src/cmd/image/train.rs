//! `unspool train image`.

use std::path::Path;

use serde_json::json;
use unspool_image::{Image, io};
use unspool_restore::Recipe;
use unspool_train::{RunFolder, weights};

use crate::args::TrainImageArgs;
use crate::cmd::train;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// Each so many-th image validates, unless there is a folder for that.
const VALIDATE_EACH: usize = 10;

/// Trains a network on photos.
pub(crate) fn run(args: &TrainImageArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.running.threads)?;
    let recipe = recipe(args)?;
    if args.show {
        let config = serde_json::to_value(&recipe).unwrap_or_default();
        output::print(format!("{config:#}\n").as_bytes())?;
        return Ok(Done::Well);
    }
    let missing = || Failure::new("there is nothing to train on", "name a folder of photos by --data");
    let data = args.data.as_deref().ok_or_else(missing)?;
    let share = Share::new(args.running.quiet);
    share.stage("reading photos");
    let mut images = photos(data)?;
    let validation = match &args.validation {
        Some(folder) => photos(folder)?,
        None => {
            let mut kept = Vec::new();
            let mut validation = Vec::new();
            for (k, image) in images.into_iter().enumerate() {
                if k % VALIDATE_EACH == VALIDATE_EACH - 1 { &mut validation } else { &mut kept }.push(image);
            }
            images = kept;
            validation
        }
    };
    if validation.is_empty() {
        let problem = format!("{} photos are too few to keep some aside", images.len());
        return Err(Failure::new(problem, "give at least 10, or others by --validation"));
    }
    let start = args.start.as_deref().map(|path| recipe.start(&weights::File::read(path)?)).transpose()?;
    let from = args.start.as_ref().map(|path| path.display().to_string());
    let config = json!({ "recipe": recipe, "photos": images.len(), "validation": validation.len(), "start": from });
    let folder = RunFolder::open(&args.out, &config, args.resume)?;
    train::report(&folder, &args.out, recipe.training.epochs, &args.running, share, |tell| {
        Ok(recipe.train(&images, &validation, start.as_deref(), &folder, tell)?)
    })
}

/// The photos of a folder that are in colour.
fn photos(folder: &Path) -> Result<Vec<Image>, Failure> {
    let files = super::files(&[folder.to_owned()])?;
    let images: Vec<Image> =
        files.iter().map(|file| io::read(file).map(|photo| photo.image)).collect::<Result<_, _>>()?;
    Ok(images.into_iter().filter(|image| image.channels() == 3).collect())
}

/// The configuration, with what the command line changes.
fn recipe(args: &TrainImageArgs) -> Result<Recipe, Failure> {
    let mut recipe = match &args.config {
        Some(path) => train::configuration(path, "image")?,
        None => Recipe::preset(&args.preset).ok_or_else(|| {
            let hint = format!("there are {}", Recipe::PRESETS.join(", "));
            Failure::new(format!("there is no preset {:?}", args.preset), hint)
        })?,
    };
    recipe.training.epochs = args.epochs.unwrap_or(recipe.training.epochs);
    recipe.training.seed = args.seed.unwrap_or(recipe.training.seed);
    train::changed(recipe, &args.set)
}
