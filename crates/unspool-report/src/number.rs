//! Numbers as text.

use serde::{Deserialize, Serialize};

/// How the numbers of a column are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// No numbers.
    Text,
    /// Whole numbers.
    Count,
    /// So many decimals.
    Fixed(u8),
    /// Three digits, large and small ones with a power of ten.
    Short,
}

/// The number with so many significant digits, so that a file holds no more than was measured.
///
/// ```
/// assert_eq!(unspool_report::round(0.123456789, 4), 0.1235);
/// ```
pub fn round(x: f64, digits: usize) -> f64 {
    if !x.is_finite() {
        return x;
    }
    format!("{x:.*e}", digits.saturating_sub(1)).parse().unwrap_or(x)
}

impl Format {
    /// The number as text; a dash for what is no number.
    ///
    /// ```
    /// use unspool_report::Format;
    /// assert_eq!(Format::Fixed(2).show(31.456), "31.46");
    /// assert_eq!(Format::Count.show(303564.0), "303,564");
    /// assert_eq!([0.0213, 4.006, 367.9, -12.0].map(|x| Format::Short.show(x)), ["0.0213", "4.01", "368", "−12.0"]);
    /// assert_eq!(Format::Short.show(7.81e-6), "7.8 · 10⁻⁶");
    /// ```
    pub fn show(self, x: f64) -> String {
        self.show_like(x, x)
    }

    /// The number with as many decimals as another would have.
    pub fn show_like(self, x: f64, other: f64) -> String {
        if !x.is_finite() {
            return "–".into();
        }
        let text = match self {
            Format::Text => x.to_string(),
            Format::Count => grouped(x),
            Format::Fixed(decimals) => format!("{x:.*}", usize::from(decimals)),
            Format::Short => match other.abs() {
                0.0 => "0".into(),
                size if !(1e-3..1e4).contains(&size) => return scientific(x),
                size => format!("{x:.*}", (2 - size.log10().floor() as i32).clamp(0, 5) as usize),
            },
        };
        text.replacen('-', "−", 1)
    }
}

/// A whole number with its thousands set apart.
fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let sign = if x < 0.0 { "-" } else { "" };
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn scientific(x: f64) -> String {
    let text = format!("{x:.1e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{} · {}", mantissa.replacen('-', "−", 1), power_of_ten(power.parse().unwrap_or(0)))
}

/// Ten to this power.
pub(crate) fn power_of_ten(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(digit),
    };
    if power == 0 { "1".into() } else { format!("10{}", power.to_string().chars().map(raised).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::{Format, round};

    #[test]
    fn numbers_as_text() {
        assert_eq!(Format::Count.show(-1234567.0), "−1,234,567");
        assert_eq!(Format::Short.show(f64::NAN), "–");
        assert_eq!(Format::Short.show(-2.5e10), "−2.5 · 10¹⁰");
        assert_eq!(Format::Short.show_like(0.0123456, 0.264), "0.012");
        assert_eq!(Format::Fixed(2).show(-0.5), "−0.50");
        assert!(round(f64::INFINITY, 3).is_infinite());
        assert_eq!(round(123456.0, 2), 120000.0);
    }
}
