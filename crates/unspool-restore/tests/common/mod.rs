//! What the tests draw.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unspool_restore::Grid;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Planes of numbers from 0 to 1 on the pixels.
pub(crate) fn random(grid: Grid, planes: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut all = vec![0.0; planes * grid.plane()];
    for plane in all.chunks_exact_mut(grid.plane()) {
        let image: Vec<f64> = (0..grid.height() * grid.width()).map(|_| rng.random::<f64>()).collect();
        grid.put(&image, plane);
    }
    all
}
