//! Where to put checkpoints: the binomial schedule of Griewank and Walther (Revolve, ACM TOMS
//! 2000, Algorithm 799).
//!
//! A chain of `n` steps is reversed with `c` stored states, the start among them. One sweep to the
//! last state, then repeated sweeps from stored states. With `r` the smallest number such that
//! `n <= C(c + r, c)`, the least possible number of step evaluations is
//!
//! ```text
//! t(n, c) = r n - C(c + r, c + 1),      t(n, c) = min_m  m + t(n - m, c - 1) + t(m, c)
//! ```
//!
//! The `n`-th step itself, to `x_n`, is not among them: reversing needs `x_{n-1}`. A derivative
//! that needs the answer `x_n` takes that one step more.

/// Binomial coefficient, saturating.
fn binomial(n: u128, k: u128) -> u128 {
    if k > n {
        return 0;
    }
    let next = |value: u128, i| value.checked_mul(n - i).map(|value| value / (i + 1));
    (0..k.min(n - k)).try_fold(1, next).unwrap_or(u128::MAX)
}

/// Smallest `r` with `n <= C(c + r, c)`.
fn repetitions(n: u128, c: u128) -> u128 {
    if c == 1 {
        return n.saturating_sub(1);
    }
    let too_few = |r: u128| binomial(c + r, c) < n;
    let mut high = 1;
    while too_few(high) {
        high *= 2;
    }
    let mut low = 0;
    while low < high {
        let middle = (low + high) / 2;
        if too_few(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The least number of step evaluations that reverse a chain of `n >= 1` steps with `c >= 1`
/// stored states, `r n - C(c + r, c + 1)`, saturating. The start is always stored: `c = 0` means 1.
///
/// ```
/// use unspool_core::diff::optimal_evaluations;
/// assert_eq!(optimal_evaluations(64, 4), 200);
/// assert_eq!(optimal_evaluations(64, 64), 63); // everything stored: one sweep
/// ```
pub fn optimal_evaluations(n: usize, c: usize) -> usize {
    let (n, c) = (n as u128, c.min(n).max(1) as u128);
    let r = repetitions(n, c);
    usize::try_from((r * n).saturating_sub(binomial(c + r, c + 1))).unwrap_or(usize::MAX)
}

/// How far from the start of a chain of `n >= 2` steps the next state is stored when `c >= 2`
/// slots are left, the start's among them: an `m` that attains the optimum. Smaller `n` and `c`
/// count as 2.
pub fn optimal_split(n: usize, c: usize) -> usize {
    let n = n.max(2) as u128;
    let c = (c as u128).clamp(2, n);
    let r = repetitions(n, c);
    // The optimal m are those with C(c+r-2, c) <= m <= C(c+r-1, c) and
    // C(c+r-2, c-1) <= n-m <= C(c+r-1, c-1); the largest is taken.
    let longest = binomial(c + r - 1, c);
    let rest = binomial(c + r - 2, c - 1);
    longest.min(n - rest.min(n - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// t(n, c) by dynamic programming.
    fn table(n_max: usize, c_max: usize) -> Vec<Vec<usize>> {
        let mut t = vec![vec![0; c_max + 1]; n_max + 1];
        for n in 2..=n_max {
            t[n][1] = n * (n - 1) / 2;
            for c in 2..=c_max {
                t[n][c] = (1..n).map(|m| m + t[n - m][c - 1] + t[m][c]).min().unwrap();
            }
        }
        t
    }

    #[test]
    fn closed_form_and_split_attain_the_optimum() {
        let t = table(200, 12);
        for n in 1..=200 {
            for c in 1..=12 {
                assert_eq!(optimal_evaluations(n, c), t[n][c], "n = {n}, c = {c}");
                if n >= 2 && c >= 2 {
                    let m = optimal_split(n, c);
                    assert!(m >= 1 && m < n);
                    assert_eq!(m + t[n - m][c - 1] + t[m][c], t[n][c], "split {m} of n = {n}, c = {c}");
                }
            }
        }
    }

    #[test]
    fn too_few_slots_count_as_the_fewest() {
        assert_eq!([0, 1, 2, 64].map(|n| optimal_evaluations(n, 0)), [0, 0, 1, 2016]);
        for (n, c) in [(0, 0), (1, 0), (1, 1), (2, 0), (9, 0), (9, 1)] {
            assert_eq!(optimal_split(n, c), optimal_split(n.max(2), 2));
        }
    }

    #[test]
    fn long_chains_do_not_overflow() {
        assert_eq!(optimal_evaluations(1000, 10), 3636);
        assert!(optimal_evaluations(100_000_000, 3) > 100_000_000);
        assert!(optimal_split(100_000_000, 1000) < 100_000_000);
        assert_eq!(optimal_evaluations(usize::MAX, 1), usize::MAX);
        assert_eq!(optimal_evaluations(usize::MAX, 2), usize::MAX);
        assert_eq!(optimal_evaluations(usize::MAX, usize::MAX), usize::MAX - 1);
    }
}
