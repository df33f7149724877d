//! `unspool demosaick`.

use serde_json::json;
use unspool_image::io::Photo;
use unspool_image::{Cfa, noise};

use super::explain::Folder;
use super::method::Demosaick;
use crate::args::DemosaickArgs;
use crate::exit::{Done, Failure};

/// Makes colour images of mosaics.
pub(crate) fn run(args: &DemosaickArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.batch.threads)?;
    let cfa: Cfa = args.cfa.parse()?;
    let method = Demosaick::named(&args.method, args.weights.as_deref())?;
    let stated = match args.noise.as_str() {
        "auto" => None,
        text => Some(text.parse::<f32>().ok().filter(|s| s.is_finite() && *s >= 0.0).ok_or_else(|| {
            Failure::new(format!("the noise is {text:?}"), "give its standard deviation (0 to 255), or auto")
        })?),
    };
    super::each("demosaick", &args.batch, |photo, path| {
        let refused = |problem: &str, hint: &str| Failure::new(format!("{}: {problem}", path.display()), hint);
        if photo.image.channels() != 1 {
            return Err(refused(
                "is a colour image, not a mosaic",
                "give one channel; `unspool mosaick` makes mosaics",
            ));
        }
        if photo.alpha.is_some() {
            return Err(refused("has an alpha channel, which no sensor measures", "remove it"));
        }
        let sigma = stated.map_or_else(|| noise::estimate(&photo.image, Some(cfa)) as f32, |s| s / 255.0);
        if let Some(folder) = super::explain_folder(&args.explain, path) {
            let folder = Folder::new(&folder, args.batch.force)?;
            method.explain(folder, &photo.image, cfa, sigma, &args.explain.pixel)?;
        }
        let image = method.run(&photo.image, cfa, sigma)?;
        let note = json!({ "noise": sigma * 255.0 });
        Ok((Photo { image, ..photo }, note))
    })
}
