//! Planes of numbers.

use crate::error::{Error, Result};

/// An image: one plane a channel, rows from top to bottom, values from 0 (black) to 1 (white) as they are encoded.
///
/// ```
/// use unspool_image::Image;
/// let image = Image::from_fn(3, 2, 4, |c, y, x| (c + y + x) as f32 / 10.0);
/// assert_eq!((image.channels(), image.height(), image.width()), (3, 2, 4));
/// assert_eq!(image.plane(2)[4], 0.3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    channels: usize,
    height: usize,
    width: usize,
    data: Vec<f32>,
}

impl Image {
    /// From planes one after the other, each `height x width`, row by row.
    ///
    /// # Errors
    /// A size of zero; another number of values; a value that is not finite.
    pub fn new(channels: usize, height: usize, width: usize, data: Vec<f32>) -> Result<Self> {
        let want = channels.checked_mul(height).and_then(|n| n.checked_mul(width));
        if want != Some(data.len()) || data.is_empty() {
            return Err(Error::Shape {
                what: "the number of values",
                got: data.len().to_string(),
                want: format!("{channels} x {height} x {width}, at least 1,"),
            });
        }
        Image { channels, height, width, data }.finite()
    }

    /// Itself, if all values are finite.
    ///
    /// # Errors
    /// A value that is not, with its place.
    pub fn finite(self) -> Result<Self> {
        let Image { height, width, data, .. } = &self;
        let Some(at) = data.iter().position(|v| !v.is_finite()) else { return Ok(self) };
        let (row, column) = (at / width % height, at % width);
        let problem =
            format!("channel {}, row {row}, column {column}: {} is no number", at / (width * height), data[at]);
        Err(Error::Data { problem, hint: "mend the image, or mask this pixel" })
    }

    /// All zero.
    pub fn zeros(channels: usize, height: usize, width: usize) -> Self {
        Image { channels, height, width, data: vec![0.0; channels * height * width] }
    }

    /// The values `f(channel, row, column)`.
    pub fn from_fn(
        channels: usize,
        height: usize,
        width: usize,
        mut f: impl FnMut(usize, usize, usize) -> f32,
    ) -> Self {
        let mut image = Image::zeros(channels, height, width);
        let mut values = image.data.iter_mut();
        for c in 0..channels {
            for y in 0..height {
                for x in 0..width {
                    if let Some(value) = values.next() {
                        *value = f(c, y, x);
                    }
                }
            }
        }
        image
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

    /// All planes.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All planes, to be changed.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// One plane.
    pub fn plane(&self, channel: usize) -> &[f32] {
        let n = self.height * self.width;
        &self.data[channel * n..(channel + 1) * n]
    }

    /// One plane, to be changed.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let n = self.height * self.width;
        &mut self.data[channel * n..(channel + 1) * n]
    }

    /// Whether another image has the same size.
    ///
    /// # Errors
    /// It has not.
    pub fn check_same(&self, other: &Image, what: &'static str) -> Result<()> {
        if (self.channels, self.height, self.width) == (other.channels, other.height, other.width) {
            return Ok(());
        }
        let size = |image: &Image| format!("{} x {} x {}", image.channels, image.height, image.width);
        Err(Error::Shape { what, got: size(other), want: size(self) })
    }

    /// Rows `y..y + height`, columns `x..x + width`.
    ///
    /// # Errors
    /// The window is empty or leaves the image.
    pub fn crop(&self, y: usize, x: usize, height: usize, width: usize) -> Result<Image> {
        if height == 0 || width == 0 || y + height > self.height || x + width > self.width {
            return Err(Error::Shape {
                what: "the window",
                got: format!("{height} x {width} at row {y}, column {x}"),
                want: format!("one inside of {} x {}", self.height, self.width),
            });
        }
        Ok(Image::from_fn(self.channels, height, width, |c, i, j| self.plane(c)[(y + i) * self.width + x + j]))
    }

    /// Turned upside down, or left to right, or both.
    pub fn mirrored(&self, rows: bool, columns: bool) -> Image {
        let (height, width) = (self.height, self.width);
        let place = |turned: bool, i: usize, n: usize| if turned { n - 1 - i } else { i };
        Image::from_fn(self.channels, height, width, |c, y, x| {
            self.plane(c)[place(rows, y, height) * width + place(columns, x, width)]
        })
    }
}
