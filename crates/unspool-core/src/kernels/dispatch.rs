//! One compiled copy of each kernel per instruction set, chosen at run time.

/// Defines functions generic over the scalar `T`, compiled once per instruction set (the type `S`
/// of the first argument) and entered through the best that the machine has.
///
/// The choice costs one load of a cached flag and a predictable branch.
macro_rules! dispatched {
    ($(
        fn $name:ident($simd:ident: S $(, $arg:ident: $ty:ty)*) $(-> $out:ty)? $body:block
    )*) => {$(
        pub(super) fn $name<'a, T: Lane>($($arg: $ty),*) $(-> $out)? {
            struct Op<'a, T> {
                $($arg: $ty,)*
            }
            impl<'a, T: Lane> pulp::WithSimd for Op<'a, T> {
                type Output = dispatched!(@output $($out)?);
                #[inline(always)]
                fn with_simd<S: pulp::Simd>(self, $simd: S) -> Self::Output {
                    let Self { $($arg),* } = self;
                    $body
                }
            }
            super::dispatch::arch().dispatch(Op { $($arg),* })
        }
    )*};
    (@output) => { () };
    (@output $out:ty) => { $out };
}
pub(super) use dispatched;

/// The best instruction set of this machine.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn arch() -> pulp::Arch {
    pulp::Arch::new()
}

/// The instruction set that the running test asked for, or the best.
#[cfg(test)]
pub(super) fn arch() -> pulp::Arch {
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
