//! A unit of numbers in which their squares neither overflow nor vanish.

/// The power of two just below the largest magnitude: dividing by it does not round.
///
/// Of numbers that are all too small to be normal, or zero, the smallest there is.
pub(crate) fn unit<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let largest = values.into_iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // its exponent alone
    f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits()).max(f64::from_bits(1))
}

#[cfg(test)]
mod tests {
    use super::unit;

    #[test]
    fn units_are_powers_of_two() {
        assert_eq!(unit(&[-3.0, 1.0, f64::NAN]), 2.0);
        assert_eq!(unit(&[f64::MAX]), 2_f64.powi(1023));
        assert_eq!(unit(&[1e-310, 0.0]), f64::from_bits(1));
        assert_eq!(unit(&[]), f64::from_bits(1));
    }
}
