//! What a sensor measured, from an image file of one channel or, with feature `raw`, from a camera's raw file.

use std::path::Path;

#[cfg(feature = "raw")]
use unspool_image::io::Depth;
use unspool_image::io::{self, Photo};
#[cfg(feature = "raw")]
use unspool_image::raw::{self, Development};
use unspool_image::{Cfa, Image};

use crate::exit::Failure;

/// A mosaic, and what its file says about it.
pub(super) struct Measured {
    /// The mosaic.
    pub(super) photo: Photo,
    /// Its pattern.
    pub(super) cfa: Cfa,
    #[cfg(feature = "raw")]
    development: Option<Development>,
}

/// Whether the name is that of a raw file that can be read.
pub(super) fn is_raw(_path: &Path) -> bool {
    #[cfg(feature = "raw")]
    return raw::is_raw(_path);
    #[cfg(not(feature = "raw"))]
    false
}

impl Measured {
    /// Reads a file; `cfa` is the pattern that was stated, which raw files know themselves.
    pub(super) fn read(path: &Path, cfa: Option<Cfa>) -> Result<Self, Failure> {
        #[cfg(feature = "raw")]
        if is_raw(path) {
            let raw::Raw { mosaic, cfa: own, development } = raw::read(path)?;
            if let Some(stated) = cfa.filter(|stated| *stated != own) {
                let problem = format!("{}: has the pattern {}, not {}", path.display(), own.name(), stated.name());
                return Err(Failure::new(problem, "leave out --cfa"));
            }
            let photo = Photo { image: mosaic, alpha: None, depth: Depth::Sixteen, profile: None };
            return Ok(Measured { photo, cfa: own, development: Some(development) });
        }
        let refused = |problem: &str, hint: &str| Failure::new(format!("{}: {problem}", path.display()), hint);
        let cfa = cfa.ok_or_else(|| refused("does not tell its Bayer pattern", "state it: --cfa rggb, for example"))?;
        let photo = io::read(path)?;
        if photo.image.channels() != 1 {
            return Err(refused(
                "is a colour image, not a mosaic",
                "give one channel; `unspool mosaick` makes mosaics",
            ));
        }
        if photo.alpha.is_some() {
            return Err(refused("has an alpha channel, which no sensor measures", "remove it"));
        }
        let (height, width) = (photo.image.height(), photo.image.width());
        if height < 2 || width < 2 {
            let problem = format!("is {height} x {width}: less than a cell of 2 x 2 pixels has not all colours");
            return Err(refused(&problem, "give the whole mosaic"));
        }
        Ok(Measured {
            photo,
            cfa,
            #[cfg(feature = "raw")]
            development: None,
        })
    }

    /// The photo, from the demosaicked image.
    pub(super) fn finish(self, image: Image) -> Photo {
        #[cfg(feature = "raw")]
        let image = match &self.development {
            Some(development) => development.finish(image),
            None => image,
        };
        Photo { image, ..self.photo }
    }
}
