//! The scalar types of generic functions.

use std::ops::Range;

use super::numbers::Pair;
use super::{Objective, Update, evaluate};
use crate::Real;

/// `f32` or `f64`: a [`Real`] that dual numbers can be made of. For objectives and updates written
/// for both.
///
/// ```
/// use unspool_core::autodiff::{Auto, DualNum, Objective, Scalar};
/// use unspool_core::problem::Smooth;
///
/// /// `1/2 exp(theta) |x - c|^2`
/// struct Bowl<F>(Vec<F>);
/// impl<F: Scalar> Objective<F> for Bowl<F> {
///     fn dim(&self) -> usize {
///         self.0.len()
///     }
///     fn params(&self) -> usize {
///         1
///     }
///     fn value<D: DualNum<Primitive = F> + Copy>(&self, x: &[D], theta: &[D]) -> D {
///         x.iter().zip(&self.0).map(|(&x, &c)| (x - c).powi(2)).sum::<D>() * theta[0].exp() * F::of(0.5)
///     }
/// }
/// let (mut single, mut double) = ([0f32; 2], [0f64; 2]);
/// Auto(Bowl(vec![1f32, 2.0])).gradient(&[0.0, 0.0], &[0.0], &mut single, &mut []);
/// Auto(Bowl(vec![1f64, 2.0])).gradient(&[0.0, 0.0], &[0.0], &mut double, &mut []);
/// assert_eq!((single, double), ([-1.0, -2.0], [-1.0, -2.0]));
/// ```
// A type parameter cannot be a `Real` and a `DualNumFloat` at once: both bound the operators with
// `&F`, and the compiler then finds each of them ambiguous. So what needs the latter is called
// through here, where the type is known.
pub trait Scalar: Real {
    #[doc(hidden)]
    fn value<O: Objective<Self>>(f: &O, at: Pair<'_, Self>) -> Self;

    #[doc(hidden)]
    fn partials<O: Objective<Self>>(
        f: &O,
        at: Pair<'_, Self>,
        along: &[Pair<'_, Self>],
        range: Range<usize>,
        each: impl FnMut(usize, Self),
    );

    #[doc(hidden)]
    fn step<U: Update<Self>>(map: &U, t: usize, at: Pair<'_, Self>, next: &mut [Self]);

    #[doc(hidden)]
    fn columns<U: Update<Self>>(
        map: &U,
        t: usize,
        at: Pair<'_, Self>,
        k: usize,
        directions: Pair<'_, Self>,
        out: &mut [Self],
    );

    #[doc(hidden)]
    fn rows<U: Update<Self>>(
        map: &U,
        t: usize,
        at: Pair<'_, Self>,
        cotangent: &[Self],
        range: Range<usize>,
        each: impl FnMut(usize, Self),
    );
}

macro_rules! scalar {
    ($F:ty) => {
        impl Scalar for $F {
            fn value<O: Objective<$F>>(f: &O, at: Pair<'_, $F>) -> $F {
                f.value(at[0], at[1])
            }

            fn partials<O: Objective<$F>>(
                f: &O,
                at: Pair<'_, $F>,
                along: &[Pair<'_, $F>],
                range: Range<usize>,
                each: impl FnMut(usize, $F),
            ) {
                evaluate::partials(f, at, along, range, each);
            }

            fn step<U: Update<$F>>(map: &U, t: usize, at: Pair<'_, $F>, next: &mut [$F]) {
                map.step(t, at[0], at[1], next);
            }

            fn columns<U: Update<$F>>(
                map: &U,
                t: usize,
                at: Pair<'_, $F>,
                k: usize,
                directions: Pair<'_, $F>,
                out: &mut [$F],
            ) {
                evaluate::columns(map, t, at, k, directions, out);
            }

            fn rows<U: Update<$F>>(
                map: &U,
                t: usize,
                at: Pair<'_, $F>,
                cotangent: &[$F],
                range: Range<usize>,
                each: impl FnMut(usize, $F),
            ) {
                evaluate::rows(map, t, at, cotangent, range, each);
            }
        }
    };
}

scalar!(f32);
scalar!(f64);
