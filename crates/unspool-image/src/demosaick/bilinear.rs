//! Each missing colour is the mean of its nearest samples: four of green, two or four of red and blue.

use super::plane::{Mosaic, cross, diagonal, pair};

pub(super) fn run(mosaic: &Mosaic) -> [Vec<f32>; 3] {
    let (m, s) = (&mosaic.data, mosaic.stride());
    [0, 1, 2].map(|c| {
        mosaic.map(1, |at| match (c, at.color) {
            _ if c == at.color => m[at.i],
            (1, _) => cross(m, at.i, s),
            (_, 1) => pair(m, at.i, if at.row == c { 1 } else { s }),
            _ => diagonal(m, at.i, s),
        })
    })
}
