//! Derivatives of a generic function, block by block of variables or directions.

use std::ops::Range;

use num_dual::{DualNum, DualSVec};

use super::numbers::{Base, Directions, Number, Pair, WIDTH, blocks, bundle, lift};
use super::spare::lend;
use super::{Objective, Update};

/// Calls `each(i, g)` with the partial derivatives `g` of the derivative of `f` along the
/// directions (two at most), for the variables `i` of a range, numbered through `x` and theta.
pub(super) fn partials<F: Base, O: Objective<F>>(
    f: &O,
    at: Pair<'_, F>,
    along: &[Pair<'_, F>],
    range: Range<usize>,
    mut each: impl FnMut(usize, F),
) {
    for block in blocks(range) {
        match *along {
            [] => partial_block(f, at, [], block, &mut each),
            [u] => partial_block(f, at, [u], block, &mut each),
            [u, v, ..] => partial_block(f, at, [u, v], block, &mut each),
        }
    }
}

fn partial_block<F: Base, O: Objective<F>, A: Directions<F>>(
    f: &O,
    at: Pair<'_, F>,
    along: A,
    block: Range<usize>,
    each: &mut impl FnMut(usize, F),
) {
    match block.len() {
        1 => partials_at_once::<F, O, A, 1>(f, at, along, block, each),
        _ => partials_at_once::<F, O, A, WIDTH>(f, at, along, block, each),
    }
}

/// At most `N` variables, in one evaluation.
fn partials_at_once<F: Base, O: Objective<F>, A: Directions<F>, const N: usize>(
    f: &O,
    at: Pair<'_, F>,
    along: A,
    block: Range<usize>,
    each: &mut impl FnMut(usize, F),
) {
    lend(|numbers: &mut Vec<A::Number<N>>| {
        lift(at, &along, &block, numbers);
        let (x, theta) = numbers.split_at(at[0].len());
        let value = f.value(x, theta);
        block.enumerate().for_each(|(partial, i)| each(i, value.highest(partial)));
    });
}

/// Derivatives of one step along `k` directions, stored one after the other, into `out`.
pub(super) fn columns<F: Base, U: Update<F>>(
    map: &U,
    t: usize,
    at: Pair<'_, F>,
    k: usize,
    directions: Pair<'_, F>,
    out: &mut [F],
) {
    let [s, p] = at.map(<[F]>::len);
    for block in blocks(0..k) {
        let (x, theta) = (block.start * s..block.end * s, block.start * p..block.end * p);
        let (directions, out) = ([&directions[0][x.clone()], &directions[1][theta]], &mut out[x]);
        match block.len() {
            1 => columns_at_once::<F, U, 1>(map, t, at, directions, out),
            _ => columns_at_once::<F, U, WIDTH>(map, t, at, directions, out),
        }
    }
}

/// At most `N` directions, in one evaluation.
fn columns_at_once<F: Base, U: Update<F>, const N: usize>(
    map: &U,
    t: usize,
    at: Pair<'_, F>,
    directions: Pair<'_, F>,
    out: &mut [F],
) {
    lend(|numbers: &mut Vec<DualSVec<F, N>>| {
        for (values, slopes) in at.into_iter().zip(directions) {
            for (i, &value) in values.iter().enumerate() {
                numbers.push(bundle(value, slopes.iter().skip(i).step_by(values.len()).copied()));
            }
        }
        let s = at[0].len();
        let next = advance(map, t, s, numbers);
        for (j, out) in out.chunks_exact_mut(s.max(1)).enumerate() {
            out.iter_mut().zip(next).for_each(|(out, next)| *out = next.highest(j));
        }
    });
}

/// Calls `each(i, c' dT/dz_i)` for the variables `z_i` of a range, numbered through `x` and theta.
pub(super) fn rows<F: Base, U: Update<F>>(
    map: &U,
    t: usize,
    at: Pair<'_, F>,
    cotangent: &[F],
    range: Range<usize>,
    mut each: impl FnMut(usize, F),
) {
    for block in blocks(range) {
        match block.len() {
            1 => rows_at_once::<F, U, 1>(map, t, at, cotangent, block, &mut each),
            _ => rows_at_once::<F, U, WIDTH>(map, t, at, cotangent, block, &mut each),
        }
    }
}

/// At most `N` variables, in one evaluation.
fn rows_at_once<F: Base, U: Update<F>, const N: usize>(
    map: &U,
    t: usize,
    at: Pair<'_, F>,
    cotangent: &[F],
    block: Range<usize>,
    each: &mut impl FnMut(usize, F),
) {
    lend(|numbers: &mut Vec<DualSVec<F, N>>| {
        lift(at, &[], &block, numbers);
        let next = advance(map, t, at[0].len(), numbers);
        for (partial, i) in block.enumerate() {
            each(i, next.iter().zip(cotangent).map(|(next, &c)| c * next.highest(partial)).sum());
        }
    });
}

/// The state after `x` and theta, which `numbers` holds; it is appended to them.
fn advance<'a, F, U: Update<F>, D: DualNum<Primitive = F> + Copy>(
    map: &U,
    t: usize,
    state: usize,
    numbers: &'a mut Vec<D>,
) -> &'a [D] {
    let arguments = numbers.len();
    numbers.resize(arguments + state, D::zero());
    let (arguments, next) = numbers.split_at_mut(arguments);
    let (x, theta) = arguments.split_at(state);
    map.step(t, x, theta, next);
    next
}
