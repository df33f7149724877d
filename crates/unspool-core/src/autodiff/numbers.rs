//! Numbers that carry partial derivatives in a block of variables and, around them, derivatives
//! along directions.

use std::ops::Range;

use num_dual::{Dual, DualNum, DualNumFloat, DualSVec};

/// What `num-dual` asks of the innermost numbers.
pub(super) trait Base: DualNumFloat + DualNum<Primitive = Self> {}

impl<F: DualNumFloat + DualNum<Primitive = F>> Base for F {}

/// Partial derivatives taken in one evaluation. A single one left over gets numbers of its own.
pub(super) const WIDTH: usize = 8;

/// `x` and theta, or a direction in them; a part that is empty does not move.
pub(super) type Pair<'a, F> = [&'a [F]; 2];

/// The range in blocks of [`WIDTH`].
pub(super) fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(WIDTH).map(move |start| start..range.end.min(start + WIDTH))
}

/// A number of which the highest derivatives can be read.
pub(super) trait Number<F>: DualNum<Primitive = F> + Copy {
    /// The `i`-th partial derivative of the derivative along all directions.
    fn highest(&self, i: usize) -> F;
}

impl<F: Base, const N: usize> Number<F> for DualSVec<F, N> {
    fn highest(&self, i: usize) -> F {
        self.eps.0.map_or(F::zero(), |partials| partials[i])
    }
}

impl<F: Base, T: Number<F>> Number<F> for Dual<T> {
    fn highest(&self, i: usize) -> F {
        self.eps.highest(i)
    }
}

/// None, one or two directions. How many says how numbers are nested.
pub(super) trait Directions<F: Base> {
    /// With `N` partial derivatives.
    type Number<const N: usize>: Number<F>;

    /// The number for `base`, in which the variable `i` of a part moves along the directions.
    fn moved<const N: usize>(&self, base: DualSVec<F, N>, part: usize, i: usize) -> Self::Number<N>;
}

impl<F: Base> Directions<F> for [Pair<'_, F>; 0] {
    type Number<const N: usize> = DualSVec<F, N>;

    fn moved<const N: usize>(&self, base: DualSVec<F, N>, _: usize, _: usize) -> Self::Number<N> {
        base
    }
}

impl<F: Base> Directions<F> for [Pair<'_, F>; 1] {
    type Number<const N: usize> = Dual<DualSVec<F, N>>;

    fn moved<const N: usize>(&self, base: DualSVec<F, N>, part: usize, i: usize) -> Self::Number<N> {
        Dual::new(base, slope(self[0], part, i))
    }
}

impl<F: Base> Directions<F> for [Pair<'_, F>; 2] {
    type Number<const N: usize> = Dual<Dual<DualSVec<F, N>>>;

    fn moved<const N: usize>(&self, base: DualSVec<F, N>, part: usize, i: usize) -> Self::Number<N> {
        Dual::new(Dual::new(base, slope(self[0], part, i)), Dual::from_re(slope(self[1], part, i)))
    }
}

fn slope<F: Base, const N: usize>(along: Pair<'_, F>, part: usize, i: usize) -> DualSVec<F, N> {
    DualSVec::from_re(along[part].get(i).copied().unwrap_or_else(F::zero))
}

/// Appends `x`, then theta, as numbers that move along the directions. Numbered through both, the
/// variables of `block` get the partial derivatives.
pub(super) fn lift<F: Base, A: Directions<F>, const N: usize>(
    at: Pair<'_, F>,
    along: &A,
    block: &Range<usize>,
    numbers: &mut Vec<A::Number<N>>,
) {
    for (part, values) in at.into_iter().enumerate() {
        for (i, &value) in values.iter().enumerate() {
            let (index, mut base) = (numbers.len(), DualSVec::from_re(value));
            if block.contains(&index) {
                base = base.derivative(index - block.start);
            }
            numbers.push(along.moved(base, part, i));
        }
    }
}

/// A number with the derivatives `slopes`, as many as there are, in place of partial ones.
pub(super) fn bundle<F: Base, const N: usize>(value: F, slopes: impl Iterator<Item = F>) -> DualSVec<F, N> {
    let mut number = DualSVec::<F, N>::from_re(value).derivative(0);
    if let Some(partials) = &mut number.eps.0 {
        partials.fill(F::zero());
        partials.iter_mut().zip(slopes).for_each(|(partial, slope)| *partial = slope);
    }
    number
}
