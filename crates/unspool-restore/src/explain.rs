//! What a graph-smoothness transformer saw: the estimate after each block, its graphs, and how much its heads agree.

use unspool_core::Real;

use crate::restore::{Memory, Observed};
use crate::transformer::Transformer;
use crate::window::{EDGES, OFFSETS};

/// Pixels of a side of a window.
pub const SIDE: usize = 5;

/// What a network saw. Images are row by row.
#[derive(Clone, Debug)]
pub struct Explanation<F> {
    /// The first estimate, then that after each block: channels one after another.
    pub estimates: Vec<Vec<F>>,
    /// By block and head, how tightly each pixel is tied to its window: the mean weight of its edges, 0 to 1.
    pub ties: Vec<Vec<Vec<F>>>,
    /// How far apart the heads of the last block are: the standard deviation of their solutions, root mean square over the
    /// channels.
    pub spread: Vec<F>,
    /// For each pixel that was asked for, by block and head, its window: `w_ij = s_ij / sum_l s_il`, row by row, 0 in the
    /// middle. These are the weights of attention.
    pub windows: Vec<Vec<Vec<[F; SIDE * SIDE]>>>,
}

impl Transformer {
    /// Restores, and tells what happened at the pixels `(row, column)`.
    ///
    /// ```
    /// use unspool_restore::{Observed, Prior, Shape, Transformer};
    /// let net = Transformer::new(Shape { blocks: 2, ..Shape::paper(Prior::Glr, 1) });
    /// let theta: Vec<f32> = net.layout().init(0);
    /// let observed = Observed::new(8, 8, &[0.5; 64], &std::array::from_fn::<bool, 64, _>(|i| i % 3 == 0));
    /// let told = net.explain(&theta, &observed, &[(4, 4)]);
    /// assert!((told.windows[0][1][0].iter().sum::<f32>() - 1.0).abs() < 1e-6);
    /// assert_eq!((told.estimates.len(), told.ties[1][3].len()), (3, 64));
    /// ```
    ///
    /// # Panics
    /// As [`Transformer::restore`]; a pixel outside of the image.
    pub fn explain<F: Real>(&self, theta: &[F], observed: &Observed<F>, pixels: &[(usize, usize)]) -> Explanation<F> {
        let (grid, shape) = (observed.grid(), self.shape());
        let (height, width, plane) = (grid.height(), grid.width(), grid.plane());
        assert!(pixels.iter().all(|&(y, x)| y < height && x < width));
        let (mut x, mut memory) = (observed.start(), Memory::default());
        let mut told = Explanation {
            estimates: vec![observed.image(&x)],
            ties: Vec::new(),
            spread: Vec::new(),
            windows: vec![Vec::new(); pixels.len()],
        };
        for block in 0..shape.blocks {
            self.graphs(block, theta, grid, &x, &mut memory);
            let heads = || memory.graphs.chunks_exact(EDGES * plane);
            let window = |s: &[F], y: usize, x: usize| {
                let mut window = [F::zero(); SIDE * SIDE];
                for (k, (dy, dx)) in OFFSETS.into_iter().enumerate() {
                    let (there, step) = (grid.at(y, x), (dy * grid.stride()).wrapping_add_signed(dx));
                    let middle = SIDE * SIDE / 2;
                    let place = (SIDE * dy).wrapping_add_signed(dx);
                    window[middle + place] = s[k * plane + there];
                    window[middle - place] = s[k * plane + there - step];
                }
                window
            };
            let tie = |s: &[F]| {
                let of_row = |y: usize| (0..width).map(move |x| (y, x));
                let mean = |(y, x)| {
                    window(s, y, x).into_iter().fold(F::zero(), |a, b| a + b) / F::of((SIDE * SIDE - 1) as f64)
                };
                (0..height).flat_map(of_row).map(mean).collect::<Vec<F>>()
            };
            told.ties.push(heads().map(tie).collect());
            for (&(y, x), windows) in pixels.iter().zip(&mut told.windows) {
                let normal = |s: &[F]| {
                    let window = window(s, y, x);
                    let sum = window.iter().fold(F::zero(), |a, &b| a + b).max(F::min_positive_value());
                    window.map(|w| w / sum)
                };
                windows.push(heads().map(normal).collect());
            }
            let mut next = vec![F::zero(); x.len()];
            let (mut sum, mut squares) = (vec![F::zero(); x.len()], vec![F::zero(); x.len()]);
            self.solutions(block, theta, observed, &x, &mut memory, |weight, solution| {
                F::axpy(weight, solution, &mut next);
                for ((sum, square), &v) in sum.iter_mut().zip(&mut squares).zip(solution) {
                    *sum += v;
                    *square += v * v;
                }
            });
            x = next;
            told.estimates.push(observed.image(&x));
            if block + 1 == shape.blocks {
                let count = F::of(shape.heads as f64);
                for (square, &sum) in squares.iter_mut().zip(&sum) {
                    *square = (*square / count - (sum / count) * (sum / count)).max(F::zero());
                }
                let variance = observed.image(&squares);
                let channels = F::of(shape.channels as f64);
                let n = height * width;
                let of_pixel = |i| (0..shape.channels).fold(F::zero(), |a, c| a + variance[c * n + i]);
                told.spread = (0..n).map(|i| (of_pixel(i) / channels).sqrt()).collect();
            }
        }
        told
    }
}
