//! The real data: handwritten digits and hourly temperatures. Sources and licences are in
//! `data/README.md`.

use std::ops::Range;

/// Pixels of a digit's image.
pub const PIXELS: usize = 64;
/// Weather stations.
pub const STATIONS: usize = 37;
/// Days of hourly temperatures.
pub const DAYS: usize = 31;

/// Images of 8 x 8 pixels in `[0, 1]`, row by row, and the digits they show.
#[derive(Clone, Debug)]
pub struct Digits {
    /// `n x 64`.
    pub images: Vec<f64>,
    /// `n`, each from 0 to 9.
    pub labels: Vec<usize>,
}

impl Digits {
    /// These rows of the 1797 in the data set, whose order is that of the source.
    pub fn rows(rows: Range<usize>) -> Self {
        let bytes = include_bytes!("../data/digits.u8").as_chunks::<{ PIXELS + 1 }>().0;
        let rows = &bytes[rows];
        Digits {
            images: rows.iter().flat_map(|row| &row[..PIXELS]).map(|&b| f64::from(b) / 16.0).collect(),
            labels: rows.iter().map(|row| usize::from(row[PIXELS])).collect(),
        }
    }

    /// The first 1200 rows to learn from and the last 597 to be judged by.
    pub fn split() -> (Self, Self) {
        (Self::rows(0..1200), Self::rows(1200..1797))
    }

    /// Image and digit of each row.
    pub fn iter(&self) -> impl Iterator<Item = (&[f64], usize)> {
        self.images.chunks_exact(PIXELS).zip(self.labels.iter().copied())
    }

    /// Row `i`.
    pub fn get(&self, i: usize) -> (&[f64], usize) {
        (&self.images[i * PIXELS..(i + 1) * PIXELS], self.labels[i])
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The 24 hourly temperatures of a station on a day, in degrees Celsius.
pub fn temperatures(station: usize, day: usize) -> [f64; 24] {
    let bytes = include_bytes!("../data/temperature.u8");
    std::array::from_fn(|hour| -3.3 + 0.1 * f64::from(bytes[(24 * day + hour) * STATIONS + station]))
}
