//! `unspool interpolate`.

use std::path::Path;

use serde_json::Value;
use unspool_image::io::{self, Photo};
use unspool_image::{Image, Mask};

use super::explain::Folder;
use super::method;
use crate::args::InterpolateArgs;
use crate::exit::{Done, Failure};

/// Fills in pixels that are missing.
pub(crate) fn run(args: &InterpolateArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.batch.running.threads)?;
    let method = method::interpolate(&args.method, args.weights.as_deref())?;
    let mask_file = match &args.mask {
        Some(path) => {
            let mut photo = io::read(path)?;
            if args.missing_white {
                photo.image.data_mut().iter_mut().for_each(|v| *v = 1.0 - *v);
            }
            Some((path, photo))
        }
        None => None,
    };
    super::each("interpolate", &args.batch, super::photo, |photo, path| {
        let folder = super::explain_folder(&args.explain, path);
        let fill = |image: &Image, folder: Option<&Path>| -> Result<Image, Failure> {
            let run = |image: &Image, mask: &Mask| {
                if let Some(folder) = folder {
                    let folder = Folder::new(folder, args.batch.force)?;
                    method::explain_interpolate(&method, folder, (image, mask), &args.explain.pixel)?;
                }
                Ok(method.run(image, mask)?)
            };
            let channels = image.channels();
            match (&mask_file, args.scale) {
                (Some((mask_name, mask)), _) => {
                    let [own, other] = [&mask.image, image].map(|i| format!("{} x {}", i.width(), i.height()));
                    if own != other {
                        let problem =
                            format!("{}: is {own} pixels, {} is {other}", mask_name.display(), path.display());
                        return Err(Failure::new(problem, "give a mask of the image's size"));
                    }
                    let mask = io::mask(mask, channels).map_err(|e| {
                        let hint = "known pixels are white, others black; --missing-white turns it round";
                        Failure::new(format!("{}: {e}", mask_name.display()), hint)
                    })?;
                    run(image, &mask)
                }
                (None, scale) => {
                    let scale = usize::from(scale.unwrap_or(2));
                    let (height, width) = (image.height() * scale, image.width() * scale);
                    let on_grid = |y: usize, x: usize| y.is_multiple_of(scale) && x.is_multiple_of(scale);
                    let mask = Mask::from_fn(channels, height, width, |_, y, x| on_grid(y, x));
                    let apart = Image::from_fn(channels, height, width, |c, y, x| {
                        if on_grid(y, x) { image.plane(c)[y / scale * image.width() + x / scale] } else { 0.0 }
                    });
                    run(&apart, &mask)
                }
            }
        };
        let image = fill(&photo.image, folder.as_deref())?;
        let alpha = match &photo.alpha {
            // nothing is missing of transparency unless the image grows
            Some(alpha) if args.scale.is_some() => Some(fill(alpha, None)?),
            other => other.clone(),
        };
        Ok((Photo { image, alpha, ..photo }, Value::Null))
    })
}
