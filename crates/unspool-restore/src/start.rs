//! The start: each unknown sample is the mean of the known ones in the 5 x 5 window around it, weighted by a tent.
//!
//! Weights `(3 - |dy|) (3 - |dx|)`. Where a window knows nothing, it is asked again once its neighbours are filled.

use unspool_core::Real;

use crate::grid::{Grid, REACH};

/// Fills a plane from `y`, 0 where unknown. `known` is 1 on known pixels, 0 elsewhere.
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
