//! How sparse? From a wanted number of neighbours to `theta`.

use unspool_core::Real;

use super::check_half;
use crate::error::{Error, Result};
use crate::pairs;

/// The `theta` with which each node has about `k` neighbours, for `alpha = beta = 1` (Kalofolias and Perraudin 2019).
///
/// With `s_1 <= s_2 <= ...` the sorted distances of node `i` and `b_k = s_1 + ... + s_k`: the geometric mean of
/// `mean_i 1/sqrt(k s_{k+1}^2 - b_k s_{k+1})`, below which node `i` would have more than `k` neighbours if it were
/// alone to choose, and `mean_i 1/sqrt(k s_k^2 - b_k s_k)`, above which it would have fewer. A node whose nearest
/// neighbours are equally far has no such bound and is left out of the mean; where no node has an upper bound, as for
/// `k = 1`, the lower one is the answer.
///
/// # Errors
/// `k` is not between 1 and `m - 2`, the half-vector is no half-vector of distances, or no node tells its neighbours
/// apart (constant signals, equal distances).
///
/// # Complexity
/// One pass over `z`, keeping the `k + 1` smallest distances of each node: memory `O(m k)`, time `O(m^2)` plus `O(k)`
/// for each distance kept.
///
/// ```
/// let z = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // of four nodes
/// let theta = unspool_graph::log_degree::theta_for_neighbours(4, &z, 2)?;
/// assert!(theta > 0.0);
/// # Ok::<(), unspool_graph::Error>(())
/// ```
pub fn theta_for_neighbours<F: Real>(nodes: usize, z: &[F], k: usize) -> Result<f64> {
    check_half("the half-vector of squared distances", nodes, z)?;
    if k < 1 || k > nodes - 2 {
        return Err(Error::range("the number of neighbours", k, "between 1 and the number of nodes less 2"));
    }
    let mut nearest = vec![f64::INFINITY; nodes * (k + 1)];
    for ((i, j), z) in pairs::iter(nodes).zip(z) {
        insert(&mut nearest[i * (k + 1)..][..k + 1], z.wide());
        insert(&mut nearest[j * (k + 1)..][..k + 1], z.wide());
    }
    theta_from_nearest(&nearest, k)
}

/// The same from the `k + 1` smallest distances of each node, sorted, node after node.
///
/// # Errors
/// No node tells its neighbours apart.
pub fn theta_from_nearest(nearest: &[f64], k: usize) -> Result<f64> {
    let bound = |at: usize| {
        let terms = nearest.chunks_exact(k + 1).map(|s| {
            let (s, excess) = (s[at], s[..k].iter().map(|near| s[at] - near).sum::<f64>());
            // k s^2 - b_k s, whose two factors alone are sure to be numbers in any unit
            (s.sqrt() * excess.sqrt()).recip()
        });
        let (sum, count) =
            terms.filter(|t| t.is_finite() && *t > 0.0).fold((0.0, 0u32), |(sum, n), t| (sum + t, n + 1));
        sum / f64::from(count)
    };
    let (lower, upper) = (bound(k), bound(k - 1));
    match (lower.is_finite(), upper.is_finite()) {
        (true, true) => Ok(lower.sqrt() * upper.sqrt()),
        (true, false) => Ok(lower),
        (false, true) => Ok(upper),
        (false, false) => {
            let hint = "the signals are constant over the nodes, or all nodes equally far apart";
            Err(Error::data("no node is nearer to some nodes than to others", hint))
        }
    }
}

/// Puts `z` into the sorted list, whose largest entry drops out.
fn insert(sorted: &mut [f64], z: f64) {
    let last = sorted.len() - 1;
    if z < sorted[last] {
        let at = sorted.partition_point(|&s| s <= z);
        sorted.copy_within(at..last, at + 1);
        sorted[at] = z;
    }
}
