//! `unspool mosaick`.

use serde_json::json;
use unspool_image::io::Photo;
use unspool_image::{Cfa, simulate};

use crate::args::MosaickArgs;
use crate::exit::{Done, Failure};

/// Makes mosaics of colour images.
pub(crate) fn run(args: &MosaickArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.batch.running.threads)?;
    let cfa: Cfa = args.cfa.parse()?;
    let mut seed = args.seed;
    super::each("mosaick", &args.batch, super::photo, |photo, _| {
        if photo.image.channels() != 3 {
            return Err(Failure::new("is grey: a mosaic is made of a colour image", "give an image of three channels"));
        }
        let mut image = cfa.mosaic(&photo.image)?;
        if args.noise != 0.0 {
            image = simulate::gaussian_noise(&image, args.noise / 255.0, seed)?;
        }
        seed += 1;
        // a profile of colours does not describe a mosaic
        Ok((Photo { image, alpha: None, profile: None, depth: photo.depth }, json!({ "noise": args.noise })))
    })
}
