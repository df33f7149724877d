//! The proximal step of the log-barrier, which all three methods share.

use unspool_core::Real;

/// The smaller root `x = (y - sqrt(y^2 + 4 c)) / 2` of `x^2 - y x = c`, with its derivatives.
///
/// For `c = g alpha` this is the proximal step of length `g` of the conjugate of `-alpha log`. For `c > 0`
/// it is negative, and computed without cancellation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Barrier<F> {
    /// The root.
    pub x: F,
    /// `dx/dy`, between 0 and 1.
    pub dy: F,
    /// `dx/dc`.
    pub dc: F,
}

impl<F: Real> Barrier<F> {
    /// The root at `y` and `c`, where `y^2 + 4 c` is replaced by `floor` if it is smaller: learned
    /// parameters may make `c` negative. `floor = 0` changes nothing where `c > 0`.
    #[inline(always)]
    pub fn new(y: F, c: F, floor: F) -> Self {
        let (zero, two) = (F::zero(), F::of(2.0));
        let square = y * y + F::of(4.0) * c;
        let is_floor = square < floor;
        let root = if is_floor { floor } else { square }.sqrt();
        // one division and no branches, so that it can be vectorised
        let (above, below) = if y > zero && !is_floor { (-two * c, y + root) } else { (y - root, two) };
        let x = above / below;
        Barrier {
            x,
            dy: if is_floor { F::of(0.5) } else { -x / root },
            dc: if is_floor { zero } else { -root.recip() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unspool_core::check::differences;

    #[test]
    fn root_and_derivatives() {
        for (y, c) in [(0.3f64, 0.1f64), (-2.0, 0.5), (1e8, 1.0), (0.0, 2.0)] {
            let b = Barrier::new(y, c, 0.0);
            assert!((b.x * (b.x - y) - c).abs() <= 1e-14 * c.max(b.x * b.x), "{y} {c} {b:?}");
            assert!(b.x < 0.0);
        }
        for (y, c, floor) in [(0.3f64, 0.1, 0.0), (-2.0, 0.5, 1e-8), (0.1, -3.0, 1e-8)] {
            let b = Barrier::new(y, c, floor);
            let dy = differences(|s, out| out[0] = Barrier::new(y + s, c, floor).x, 1)[0];
            let dc = differences(|s, out| out[0] = Barrier::new(y, c + s, floor).x, 1)[0];
            assert!((b.dy - dy).abs() < 1e-8 && (b.dc - dc).abs() < 1e-8, "{b:?} {dy} {dc}");
        }
    }
}
