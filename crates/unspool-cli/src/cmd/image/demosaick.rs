//! `unspool demosaick`.

use serde_json::json;
use unspool_image::{Cfa, noise};

use super::explain::Folder;
use super::measured::{self, Measured};
use super::method;
use crate::args::DemosaickArgs;
use crate::exit::{Done, Failure};
use crate::output;

/// Makes colour images of mosaics.
pub(crate) fn run(args: &DemosaickArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.batch.running.threads)?;
    let cfa: Option<Cfa> = args.cfa.as_deref().map(str::parse).transpose()?;
    let method = method::demosaick(&args.method, args.weights.as_deref())?;
    let stated = match args.noise.as_str() {
        "auto" => None,
        text => Some(text.parse::<f32>().ok().filter(|s| s.is_finite() && *s >= 0.0).ok_or_else(|| {
            Failure::new(format!("the noise is {text:?}"), "give its standard deviation (0 to 255), or auto")
        })?),
    };
    super::each(
        "demosaick",
        &args.batch,
        |path| Measured::read(path, cfa),
        |seen, path| {
            let (mosaic, cfa) = (&seen.photo.image, seen.cfa);
            if !measured::is_raw(path) && cfa.is_doubtful(mosaic) {
                let others = [cfa.shifted(0, 1), cfa.shifted(1, 0)].map(Cfa::name).join(" or ");
                output::tell(&format!(
                    "warning: {}: the two greens of {cfa} differ more than red and blue: is it {others}?",
                    path.display()
                ));
            }
            let sigma = stated.map_or_else(|| noise::estimate(mosaic, Some(cfa)) as f32, |s| s / 255.0);
            if let Some(folder) = super::explain_folder(&args.explain, path) {
                let folder = Folder::new(&folder, args.batch.force)?;
                method::explain_demosaick(&method, folder, (mosaic, cfa, sigma), &args.explain.pixel)?;
            }
            let image = method.run(mosaic, cfa, sigma)?;
            Ok((seen.finish(image), json!({ "noise": sigma * 255.0, "cfa": cfa.name() })))
        },
    )
}
