//! The start: a linear interpolation of the known samples in the 5 x 5 window around each unknown one.
//!
//! That is all that Do et al. say of it, and for mosaics the filters of that kind are Malvar's, which ask all three colours;
//! from them a mosaic starts 6 dB nearer to the photo than from means of each colour by itself. Other masks have such means.

use unspool_core::Real;
use unspool_image::{Cfa, Image, demosaick};

use crate::grid::{Grid, REACH};

/// The three planes of a mosaic by Malvar's filters, in single precision; none if a sample is not finite. `y` is 0 where unknown.
///
/// # Panics
/// If there are fewer than three planes.
pub fn malvar<F: Real>(grid: Grid, y: &[F], cfa: Cfa) -> Option<Vec<F>> {
    let plane = grid.plane();
    let mosaic = Image::from_fn(1, grid.height(), grid.width(), |_, row, column| {
        y[cfa.color(row, column) * plane + grid.at(row, column)].wide() as f32
    });
    let image = demosaick::run(demosaick::Method::Malvar, &mosaic, cfa).ok()?;
    let mut x = vec![F::zero(); y.len()];
    for (c, x) in x.chunks_exact_mut(plane).enumerate() {
        let values: Vec<F> = image.plane(c).iter().map(|&value| F::of(f64::from(value))).collect();
        grid.put(&values, x);
    }
    Some(x)
}

/// Fills a plane by means that are weighted by a tent, `(3 - |dy|) (3 - |dx|)`. Where a window knows nothing, it is asked again
/// once its neighbours are filled. `y` is 0 where unknown, `known` 1 on known pixels, 0 elsewhere.
pub fn tent<F: Real>(grid: Grid, y: &[F], known: &[F], out: &mut [F]) {
    let reach = REACH as isize;
    let stride = grid.stride() as isize;
    let mut weight = known.to_vec();
    let mut value = y.to_vec();
    out.copy_from_slice(y);
    loop {
        let (mut missing, mut filled) = (0, Vec::new());
        for row in 0..grid.height() {
            for column in 0..grid.width() {
                let at = grid.at(row, column);
                if weight[at] > F::zero() {
                    continue;
                }
                let (mut sum, mut total) = (F::zero(), F::zero());
                for dy in -reach..=reach {
                    for dx in -reach..=reach {
                        let tent = F::of(((3 - dy.abs()) * (3 - dx.abs())) as f64);
                        let there = at.wrapping_add_signed(dy * stride + dx);
                        sum += tent * weight[there] * value[there];
                        total += tent * weight[there];
                    }
                }
                if total > F::zero() {
                    filled.push((at, sum / total));
                } else {
                    missing += 1;
                }
            }
        }
        for &(at, v) in &filled {
            out[at] = v;
            value[at] = v;
            weight[at] = F::one();
        }
        if missing == 0 || filled.is_empty() {
            return;
        }
    }
}
