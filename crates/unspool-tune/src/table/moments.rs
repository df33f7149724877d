//! Mean and deviation of columns, safe against cancellation, overflow and underflow.

/// The moments of each column over the training rows.
pub(crate) struct Moments {
    columns: Vec<Moment>,
    rows: f64,
}

/// The moments of one column, its values first multiplied by `unit`.
struct Moment {
    least: f64,
    most: f64,
    /// A power of two that brings the largest value near to 1.
    unit: f64,
    /// First guess of the mean.
    centre: f64,
    /// Sum of the distances from the centre, all but 0.
    sum: f64,
    /// Sum of their squares.
    squares: f64,
}

impl Moments {
    /// The moments of `cols` columns over at least one row: the ranges, then the means, then the
    /// distances from them (the corrected two-pass algorithm).
    pub(crate) fn of(rows: &[&[f64]], cols: usize) -> Self {
        let new =
            || Moment { least: f64::INFINITY, most: f64::NEG_INFINITY, unit: 1.0, centre: 0.0, sum: 0.0, squares: 0.0 };
        let mut columns: Vec<Moment> = std::iter::repeat_with(new).take(cols).collect();
        let count = rows.len() as f64;
        for row in rows {
            for (column, &value) in columns.iter_mut().zip(*row) {
                column.least = column.least.min(value);
                column.most = column.most.max(value);
            }
        }
        for column in &mut columns {
            column.unit = unit(column.least.abs().max(column.most.abs()));
        }
        for row in rows {
            for (column, value) in columns.iter_mut().zip(*row) {
                column.centre += value * column.unit;
            }
        }
        for column in &mut columns {
            column.centre /= count;
        }
        for row in rows {
            for (column, value) in columns.iter_mut().zip(*row) {
                let distance = value * column.unit - column.centre;
                column.sum += distance;
                column.squares += distance * distance;
            }
        }
        Self { columns, rows: count }
    }

    /// The mean of each column.
    pub(crate) fn mean(&self) -> Vec<f64> {
        let mean = |column: &Moment| {
            let mean = (column.centre + column.sum / self.rows) / column.unit;
            mean.max(column.least).min(column.most)
        };
        self.columns.iter().map(mean).collect()
    }

    /// The population standard deviation of each column, exactly 0 where all values are the same.
    pub(crate) fn deviation(&self) -> Vec<f64> {
        let deviation = |column: &Moment| {
            if column.least == column.most {
                return 0.0;
            }
            let squares = column.squares - column.sum * column.sum / self.rows;
            (squares / self.rows).max(0.0).sqrt() / column.unit
        };
        self.columns.iter().map(deviation).collect()
    }
}

/// A power of two that brings a finite value near to 1; it is kept within what has an inverse.
fn unit(value: f64) -> f64 {
    const BIAS: i64 = 1023;
    const REACH: i64 = 1000;
    let exponent = ((value.to_bits() >> 52) & 0x7ff).cast_signed() - BIAS;
    let exponent = -exponent.clamp(-REACH, REACH);
    f64::from_bits((exponent + BIAS).cast_unsigned() << 52)
}

#[cfg(test)]
mod tests {
    use super::{Moments, unit};

    fn of(values: &[f64]) -> (f64, f64) {
        let rows: Vec<&[f64]> = values.chunks(1).collect();
        let moments = Moments::of(&rows, 1);
        (moments.mean()[0], moments.deviation()[0])
    }

    #[test]
    fn units_are_powers_of_two() {
        assert_eq!(unit(1.0), 1.0);
        assert_eq!(unit(3.0), 0.5);
        assert_eq!(unit(0.3), 4.0);
        assert_eq!(unit(f64::MAX), 2f64.powi(-1000));
        assert_eq!(unit(0.0), 2f64.powi(1000));
        assert_eq!(unit(5e-324), 2f64.powi(1000));
    }

    #[test]
    fn large_offset_does_not_cancel() {
        let (mean, deviation) = of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert_eq!(mean, 1e9 + 10.0);
        assert!((deviation - 22.5_f64.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn extreme_values_neither_overflow_nor_vanish() {
        let (mean, deviation) = of(&[f64::MAX, -f64::MAX]);
        assert_eq!((mean, deviation), (0.0, f64::MAX));
        let (mean, deviation) = of(&[1e-300, 3e-300]);
        assert!((mean / 2e-300 - 1.0).abs() < 1e-15 && (deviation / 1e-300 - 1.0).abs() < 1e-15);
        assert_eq!(of(&[0.1; 7]), (0.1, 0.0));
    }
}
