//! One compiled copy of each kernel per instruction set, chosen at run time.

/// Defines functions generic over the scalar, compiled once per instruction set (the type `S` of the first argument)
/// and entered through the best that the machine has.
///
/// The choice costs one load of a cached flag and a predictable branch. What is called within must be
/// `#[inline(always)]`, or it is not compiled for that instruction set.
///
/// ```
/// use unspool_core::{Real, dispatched};
/// dispatched! {
///     fn add<T: Real>(simd: S, x: &'a [T], y: &'a mut [T]) {
///         let _ = simd;
///         y.iter_mut().zip(x).for_each(|(y, &x)| *y += x);
///     }
/// }
/// let mut y = [1.0, 2.0];
/// add(&[3.0, 4.0], &mut y);
/// assert_eq!(y, [4.0, 6.0]);
/// ```
#[macro_export]
macro_rules! dispatched {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<$t:ident: $bound:path>($simd:ident: S $(, $arg:ident: $ty:ty)* $(,)?) $(-> $out:ty)? $body:block
    )*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<'a, $t: $bound>($($arg: $ty),*) $(-> $out)? {
            struct Op<'a, $t> {
                $($arg: $ty,)*
                marker: std::marker::PhantomData<&'a $t>,
            }
            impl<'a, $t: $bound> $crate::kernels::simd::WithSimd for Op<'a, $t> {
                type Output = $crate::dispatched!(@output $($out)?);
                #[inline(always)]
                fn with_simd<S: $crate::kernels::simd::Simd>(self, $simd: S) -> Self::Output {
                    let Self { $($arg,)* marker: _ } = self;
                    $body
                }
            }
            $crate::kernels::simd::arch().dispatch(Op { $($arg,)* marker: std::marker::PhantomData })
        }
    )*};
    (@output) => { () };
    (@output $out:ty) => { $out };
}
pub(super) use dispatched;

/// The best instruction set of this machine.
#[cfg(not(test))]
#[inline(always)]
pub fn arch() -> pulp::Arch {
    pulp::Arch::new()
}

/// The instruction set that the running test asked for, or the best.
#[cfg(test)]
pub fn arch() -> pulp::Arch {
    forced::ARCH.get().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod forced {
    use pulp::Arch;
    use std::cell::Cell;

    thread_local! {
        pub(in super::super) static ARCH: Cell<Option<Arch>> = const { Cell::new(None) };
    }

    /// Runs `f` once for each instruction set of this machine, portable code included.
    pub(in super::super) fn on_every_arch(f: impl Fn()) {
        let mut all = vec![Arch::new(), Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        for arch in all {
            ARCH.set(Some(arch));
            f();
        }
        ARCH.set(None);
    }
}
