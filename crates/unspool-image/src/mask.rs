//! Which samples are known.

use crate::Image;
use crate::error::{Error, Result};

/// For each channel and pixel, whether it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    channels: usize,
    height: usize,
    width: usize,
    known: Vec<bool>,
}

impl Mask {
    /// From `known(channel, row, column)`.
    pub fn from_fn(
        channels: usize,
        height: usize,
        width: usize,
        mut known: impl FnMut(usize, usize, usize) -> bool,
    ) -> Self {
        let mut all = Vec::with_capacity(channels * height * width);
        for c in 0..channels {
            for y in 0..height {
                for x in 0..width {
                    all.push(known(c, y, x));
                }
            }
        }
        Mask { channels, height, width, known: all }
    }

    /// Number of planes.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All planes, row by row.
    pub fn known(&self) -> &[bool] {
        &self.known
    }

    /// One plane.
    pub fn plane(&self, channel: usize) -> &[bool] {
        let n = self.height * self.width;
        &self.known[channel * n..(channel + 1) * n]
    }

    /// The image where it is known, zero elsewhere.
    ///
    /// # Errors
    /// The sizes differ.
    pub fn apply(&self, image: &Image) -> Result<Image> {
        self.check(image)?;
        let mut known = image.clone();
        known.data_mut().iter_mut().zip(&self.known).filter(|(_, known)| !**known).for_each(|(value, _)| *value = 0.0);
        Ok(known)
    }

    /// Whether the mask is for an image of this size, and knows something of every channel.
    ///
    /// # Errors
    /// It is not, or does not.
    pub fn check(&self, image: &Image) -> Result<()> {
        let own = (self.channels, self.height, self.width);
        if own != (image.channels(), image.height(), image.width()) {
            let got = format!("{} x {} x {}", own.0, own.1, own.2);
            let want = format!("{} x {} x {}", image.channels(), image.height(), image.width());
            return Err(Error::Shape { what: "the mask", got, want });
        }
        match (0..self.channels).find(|&c| !self.plane(c).contains(&true)) {
            None => Ok(()),
            Some(c) => Err(Error::Data {
                problem: format!("the mask knows no pixel of channel {c}"),
                hint: "mark at least one known pixel in each channel",
            }),
        }
    }
}
