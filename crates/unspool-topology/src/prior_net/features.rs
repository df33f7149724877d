//! What the likelihood says about one pair while all others stay as they are.
//!
//! With `R` the effective resistance, `c = 1/R` is the pair's conductance, `w` of it its own edge, and `b = c - w` that of all
//! other paths. Were its weight `v`, the log-likelihood of `n` signals would change by
//! `n/2 (ln(b + v) - z v)`: largest at `v = 1/z - b`. The *signed root deviance* compares that with no edge,
//!
//! ```text
//! f(x) = sign(1 - x) sqrt(x - 1 - ln x),   x = b z,
//! ```
//!
//! and `sqrt(n) f` is about standard normal where there is none. All channels are free of scale; `u` is the typical weight.
//!
//! | channel | |
//! |---|---|
//! | 0 | `asinh(sqrt(n) f(b z))` |
//! | 1 | `asinh((1/z - b) / u)` |
//! | 2 | `ln(sqrt(2/n) c / u)`: standard error of the weight |
//! | 3 | `asinh(w / u)` |
//! | 4 | `w R`: the share of spanning trees with this edge |
//! | 5 | `asinh(sqrt(n/2) ln(z c))` |

use unspool_core::Real;

pub(super) const CHANNELS: usize = 6;
/// The least share of `c` that the other paths are taken to have.
const LEAST: f64 = 1e-3;

/// `f(x)` and its derivative.
fn signed_root<F: Real>(x: F) -> (F, F) {
    let one = F::one();
    let e = one - x;
    if e.abs() < F::of(0.05) {
        // f = e sqrt(h / 2), h = sum_k 2 e^k / (k + 2)
        let (mut h, mut dh) = (F::zero(), F::zero());
        for k in (0..10).rev() {
            dh = dh * e + h;
            h = h * e + F::of(2.0 / (k as f64 + 2.0));
        }
        let root = (h * F::of(0.5)).sqrt();
        return (e * root, -(root + e * dh / (F::of(4.0) * root)));
    }
    let root = (x - one - x.ln()).sqrt();
    let slope = (one - x.recip()) / (F::of(2.0) * root);
    if e > F::zero() { (root, slope) } else { (-root, -slope) }
}

/// Derivatives in `w`, `R` and `u` of the channels, contracted with a cotangent.
pub(super) struct Gradient<F> {
    pub(super) w: F,
    pub(super) r: F,
    pub(super) u: F,
}

/// `asinh` and its derivative.
fn asinh<F: Real>(y: F) -> (F, F) {
    (y.asinh(), (F::one() + y * y).sqrt().recip())
}

/// The channels of one pair.
#[inline]
pub(super) fn forward<F: Real>(n: F, z: F, w: F, r: F, u: F) -> [F; CHANNELS] {
    let c = r.recip();
    let b = (c - w).max(F::of(LEAST) * c);
    let (half, two) = (F::of(0.5), F::of(2.0));
    [
        (n.sqrt() * signed_root(b * z).0).asinh(),
        ((z.recip() - b) / u).asinh(),
        ((two / n).sqrt() * c / u).ln(),
        (w / u).asinh(),
        w * r,
        ((half * n).sqrt() * (z * c).ln()).asinh(),
    ]
}

/// Their adjoint.
#[inline]
pub(super) fn backward<F: Real>(n: F, z: F, w: F, r: F, u: F, g: [F; CHANNELS]) -> Gradient<F> {
    let c = r.recip();
    let is_least = c - w <= F::of(LEAST) * c;
    let b = (c - w).max(F::of(LEAST) * c);
    let (f, df) = signed_root(b * z);
    let (_, d0) = asinh(n.sqrt() * f);
    let (_, d1) = asinh((z.recip() - b) / u);
    let (_, d3) = asinh(w / u);
    let root = (F::of(0.5) * n).sqrt();
    let (_, d5) = asinh(root * (z * c).ln());
    let gb = g[0] * d0 * n.sqrt() * df * z - g[1] * d1 / u;
    let (b_w, b_c) = if is_least { (F::zero(), F::of(LEAST)) } else { (-F::one(), F::one()) };
    let gc = gb * b_c + g[2] / c + g[5] * d5 * root / c;
    Gradient {
        w: gb * b_w + g[3] * d3 / u + g[4] * r,
        r: g[4] * w - gc * c * c,
        u: -(g[1] * d1 * (z.recip() - b) / u + g[2] + g[3] * d3 * w / u) / u,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_of_each_channel() {
        for (z, w, r, u) in [(1.3, 0.2, 1.1, 0.25), (0.7, 0.5, 1.4, 0.4), (2.0, 0.0, 2.02, 0.1), (0.3, 0.99, 1.0, 0.3)]
        {
            for k in 0..CHANNELS {
                let mut g = [0.0; CHANNELS];
                g[k] = 1.0;
                let n = 130.0;
                let got = backward(n, z, w, r, u, g);
                let d = |f: &dyn Fn(f64) -> [f64; CHANNELS]| {
                    let h = 1e-6;
                    (8.0 * (f(h)[k] - f(-h)[k]) - (f(2.0 * h)[k] - f(-2.0 * h)[k])) / (12.0 * h)
                };
                let want = [
                    d(&|h| forward(n, z, w + h, r, u)),
                    d(&|h| forward(n, z, w, r + h, u)),
                    d(&|h| forward(n, z, w, r, u + h)),
                ];
                for (got, want) in [got.w, got.r, got.u].into_iter().zip(want) {
                    assert!((got - want).abs() <= 1e-7 * (1.0 + want.abs()), "channel {k}: {got} {want}");
                }
            }
        }
    }
}
