//! Inner loops.
/// Vectorised inner loops of one scalar type.
pub trait Kernels: Copy {}
impl Kernels for f32 {}
impl Kernels for f64 {}
