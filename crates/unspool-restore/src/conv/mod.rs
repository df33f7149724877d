//! Convolution with 3 x 3 kernels, and both its adjoints.
//!
//! ```text
//! out_o(i) = b_o + sum_c sum_k K_oc(k) x_c(i + k),   k in {-1, 0, 1}^2,   x = 0 outside
//! ```

mod kernels;
mod layer;
mod planes;

pub use kernels::kernels_vjp;
pub(crate) use layer::Layer;
pub(crate) use planes::{ROWS, needed};
pub use planes::{Then, forward, forward_then, pack, pack_adjoint, packed_len};

/// Taps of a kernel.
const TAPS: usize = 9;
