//! The Gegenbauer-Sobolev polynomials `S_n = C_n - C_{n-2} + d_n S_{n-2}` (Marcellán, Pérez, Piñar
//! 1994), orthogonal in `int f g w + eta int f' g' w`, `w = (1 - m^2)^(alpha - 1/2)` on `[-1, 1]`.

/// `<S_n, S_n>/k_0` and `d_n` for `n = 0..count` (`d_0 = d_1 = 0`), `k_0 = int w`; `alpha > 0`:
///
/// ```text
/// k_n = int C_n^2 w,   k_n/k_{n-1} = (n + 2a - 1)(n + a - 1)/(n (n + a))
/// s_n = k_n + k_{n-2} + 4 eta (n - 1 + a)^2 k_{n-1} - k_{n-2}^2/s_{n-2},   d_n = k_{n-2}/s_{n-2}
/// ```
pub fn norms(alpha: f64, eta: f64, count: usize) -> Vec<(f64, f64)> {
    let a = alpha;
    let mut k = vec![1.0];
    let mut norms: Vec<(f64, f64)> = vec![];
    for i in 0..count {
        let n = i as f64;
        if i > 0 {
            k.push(k[i - 1] * (n + 2.0 * a - 1.0) * (n + a - 1.0) / (n * (n + a)));
        }
        let derivative = |k: f64| 4.0 * eta * (n - 1.0 + a).powi(2) * k;
        norms.push(match i {
            0 => (k[0], 0.0),
            1 => (k[1] + derivative(k[0]), 0.0),
            _ => {
                let d = k[i - 2] / norms[i - 2].0;
                (k[i] + k[i - 2] * (1.0 - d) + derivative(k[i - 1]), d)
            }
        });
    }
    norms
}
