//! H. S. Malvar, L. He, R. Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color
//! images", ICASSP 2004.
//!
//! The bilinear mean of a missing colour gains a share of the Laplacian of the colour that is measured (equations 3
//! to 6): 1/2 for green at red or blue, 5/8 for red and blue at green, 3/4 for red at blue and blue at red.

use super::plane::{Mosaic, cross, diagonal, pair};

pub(super) fn run(mosaic: &Mosaic) -> [Vec<f32>; 3] {
    let (m, s) = (&mosaic.data, mosaic.stride());
    // The centre less the mean of the four next samples of the same colour in the row and column.
    let laplacian = |i| m[i] - 0.5 * (pair(m, i, 2) + pair(m, i, 2 * s));
    // Green: the centre less a mean of the greens around, of which those across the line of the missing colour's
    // samples weigh the other way (figure 2 of the paper).
    let green =
        |i, along, across| m[i] - 0.8 * diagonal(m, i, s) - 0.4 * pair(m, i, 2 * along) + 0.2 * pair(m, i, 2 * across);
    [0, 1, 2].map(|c| {
        mosaic.map(2, |at| {
            let (along, across) = if at.row == c { (1, s) } else { (s, 1) };
            match (c, at.color) {
                _ if c == at.color => m[at.i],
                (1, _) => cross(m, at.i, s) + laplacian(at.i) / 2.0,
                (_, 1) => pair(m, at.i, along) + green(at.i, along, across) * 5.0 / 8.0,
                _ => diagonal(m, at.i, s) + laplacian(at.i) * 3.0 / 4.0,
            }
        })
    })
}
