//! Coefficients of the elementwise functions, in both precisions.

/// Constants of the exponential in one precision; see `exp_lanes`.
#[derive(Clone, Copy)]
pub struct Exp<T: 'static> {
    /// `1 / ln 2`.
    pub(super) log2_e: T,
    /// Leading bits of `ln 2`, few enough for their product with any exponent to be exact.
    pub(super) ln2_hi: T,
    /// `ln 2 - ln2_hi`.
    pub(super) ln2_lo: T,
    /// `1.5 * 2^(mantissa bits)`: added and subtracted, it rounds to an integer; added, it leaves
    /// that integer in the low bits.
    pub(super) round: T,
    /// `round` plus the exponent bias less 1.
    pub(super) bias: T,
    /// `bias` raised by as much as keeps the scale of the smallest results normal.
    pub(super) bias_small: T,
    /// What a scale by `bias_small` is to be multiplied by.
    pub(super) unlift: T,
    /// Arguments below take `bias_small`: higher than where results become subnormal, since what is
    /// rounded to begin with is half the result.
    pub(super) small: T,
    /// Arguments below give 0.
    pub(super) zero: T,
    /// Arguments above give infinity.
    pub(super) inf: T,
    /// `1/k!`, highest first: as many as `|r| <= ln(2)/2` needs for full precision.
    pub(super) taylor: &'static [T],
}

/// `1/k!` for `k = n-1, ..., 0`.
const fn inverse_factorials<const N: usize>() -> [f64; N] {
    let mut c = [1.0; N];
    let mut factorial = 1.0;
    let mut k = 1;
    while k < N {
        factorial *= k as f64;
        c[N - 1 - k] = 1.0 / factorial;
        k += 1;
    }
    c
}

/// `1/(2k+1)` for `k = n-1, ..., 0`.
const fn inverse_odds<const N: usize>() -> [f64; N] {
    let mut c = [1.0; N];
    let mut k = 1;
    while k < N {
        c[N - 1 - k] = 1.0 / (2 * k + 1) as f64;
        k += 1;
    }
    c
}

/// Rounds to single precision.
const fn narrow<const N: usize>(c: [f64; N]) -> [f32; N] {
    let mut out = [0.0; N];
    let mut k = 0;
    while k < N {
        out[k] = c[k] as f32;
        k += 1;
    }
    out
}

/// In double precision.
pub(super) const EXP_F64: Exp<f64> = Exp {
    log2_e: std::f64::consts::LOG2_E,
    ln2_hi: f64::from_bits(0x3fe6_2e42_fee0_0000),
    ln2_lo: 1.908_214_929_270_587_7e-10,
    round: 6_755_399_441_055_744.0,
    bias: 6_755_399_441_055_744.0 + 1022.0,
    bias_small: 6_755_399_441_055_744.0 + 1022.0 + 64.0,
    unlift: 1.0 / 9_223_372_036_854_775_808.0,
    small: -700.0,
    zero: -746.0,
    inf: 709.79,
    taylor: &inverse_factorials::<14>(),
};

/// In single precision.
pub(super) const EXP_F32: Exp<f32> = Exp {
    log2_e: std::f32::consts::LOG2_E,
    ln2_hi: f32::from_bits(0x3f31_7200),
    ln2_lo: 1.428_606_8e-6,
    round: 12_582_912.0,
    bias: 12_582_912.0 + 126.0,
    bias_small: 12_582_912.0 + 126.0 + 32.0,
    unlift: 1.0 / 2_147_483_648.0,
    small: -86.0,
    zero: -104.0,
    inf: 88.73,
    taylor: &narrow(inverse_factorials::<8>()),
};

/// `1/(2k+1)`, highest first: the coefficients of `atanh(s)/s` in `s^2`, as many as
/// `0 <= s <= 1/3` needs for full precision.
pub(super) const ATANH_F64: &[f64] = &inverse_odds::<16>();

/// As [`ATANH_F64`], in single precision.
pub(super) const ATANH_F32: &[f32] = &narrow(inverse_odds::<8>());
