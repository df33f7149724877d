//! D. Menon, S. Andriani, G. Calvagno, "Demosaicing with directional filtering and a posteriori decision", IEEE
//! Transactions on Image Processing 16(1), 2007.

use super::plane::{Mosaic, pair};

pub(super) fn run(mosaic: &Mosaic) -> [Vec<f32>; 3] {
    let (m, s) = (&mosaic.data, mosaic.stride());

    // Section II: green along rows and along columns, and the colour differences of both.
    let green_along = |step: usize| {
        mosaic.map(2, |at| match at.color {
            1 => m[at.i],
            _ => pair(m, at.i, step) + 0.5 * (m[at.i] - pair(m, at.i, 2 * step)),
        })
    };
    let (across, down) = (green_along(1), green_along(s));
    let difference = |green: &[f32]| mosaic.map(0, |at| m[at.i] - green[at.i]);
    let (c_across, c_down) = (difference(&across), difference(&down));

    // Section III: the direction in which the colour difference changes less is the better one.
    let rows = mosaic.map(4, |at| {
        let better = change(&c_across, at.i, 1, s) <= change(&c_down, at.i, s, 1);
        f32::from(u8::from(better))
    });
    let step = |i: usize| if rows[i] > 0.0 { 1 } else { s };
    let mut green = mosaic.map(0, |at| if rows[at.i] > 0.0 { across[at.i] } else { down[at.i] });

    // Section IV: red and blue from the colour differences, first at green, then at each other.
    let at_green = |green: &[f32], c: usize| {
        mosaic.map(1, |at| {
            let step = if at.row == c { 1 } else { s };
            if at.color == 1 { green[at.i] + pair(m, at.i, step) - pair(green, at.i, step) } else { m[at.i] }
        })
    };
    let (red, blue) = (at_green(&green, 0), at_green(&green, 2));
    let at_other = |c: usize, own: &[f32], other: &[f32]| {
        mosaic.map(1, |at| {
            let step = step(at.i);
            let missing = at.color != 1 && at.color != c;
            if missing { m[at.i] + pair(own, at.i, step) - pair(other, at.i, step) } else { own[at.i] }
        })
    };
    let (red, blue) = (at_other(0, &red, &blue), at_other(2, &blue, &red));

    // Section V, the refining step: the low-pass part of each difference along the direction, the measured sample
    // added back; again green, red and blue at green, red and blue at each other.
    let chroma = [&red, &green, &blue];
    green = mosaic.map(1, |at| match at.color {
        1 => m[at.i],
        c => m[at.i] + mean_of_three(&green, chroma[c], at.i, step(at.i)),
    });
    let refined = |c: usize, old: &[f32]| {
        let at_green = at_green(&green, c);
        mosaic.map(0, |at| if at.color == 1 { at_green[at.i] } else { old[at.i] })
    };
    let (red, blue) = (refined(0, &red), refined(2, &blue));
    let smooth = |c: usize, own: &[f32], other: &[f32]| {
        mosaic.map(1, |at| {
            let missing = at.color != 1 && at.color != c;
            if missing { m[at.i] + mean_of_three(own, other, at.i, step(at.i)) } else { own[at.i] }
        })
    };
    [smooth(0, &red, &blue), green, smooth(2, &blue, &red)]
}

/// How much a colour difference changes along a direction in the 5 x 5 window (equation 6): the sum of the steps from
/// one sample to the next, those through the centre weighted by three.
fn change(c: &[f32], i: usize, along: usize, across: usize) -> f32 {
    let two = |i: usize| (c[i] - c[i - 2 * along]).abs() + (c[i + 2 * along] - c[i]).abs();
    let one = |i: usize| (c[i + along] - c[i - along]).abs();
    3.0 * two(i) + two(i - 2 * across) + two(i + 2 * across) + one(i - across) + one(i + across)
}

/// The mean of `a - b` over a pixel and its two neighbours.
fn mean_of_three(a: &[f32], b: &[f32], i: usize, step: usize) -> f32 {
    let difference = |i: usize| a[i] - b[i];
    (difference(i - step) + difference(i) + difference(i + step)) / 3.0
}
