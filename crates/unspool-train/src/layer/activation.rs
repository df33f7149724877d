//! Entry-wise functions, in place, and their adjoints from what they left.

use unspool_core::Real;

/// `x` where positive, `slope x` elsewhere.
pub fn leaky<F: Real>(slope: F, x: &mut [F]) {
    for x in x {
        *x = if *x > F::zero() { *x } else { slope * *x };
    }
}

/// `g *= f'(x)` from `y = leaky(x)`, for a positive slope, or 0 (`relu`).
pub fn leaky_backward<F: Real>(slope: F, y: &[F], g: &mut [F]) {
    for (g, &y) in g.iter_mut().zip(y) {
        *g = if y > F::zero() { *g } else { slope * *g };
    }
}

/// `tanh x`, as `2 sigmoid(2 x) - 1`.
pub fn tanh<F: Real>(x: &mut [F]) {
    let two = F::of(2.0);
    for x in &mut *x {
        *x *= two;
    }
    F::sigmoid_all(x);
    for x in x {
        *x = two * *x - F::one();
    }
}

/// `g *= 1 - y^2` from `y = tanh(x)`.
pub fn tanh_backward<F: Real>(y: &[F], g: &mut [F]) {
    for (g, &y) in g.iter_mut().zip(y) {
        *g *= F::one() - y * y;
    }
}
