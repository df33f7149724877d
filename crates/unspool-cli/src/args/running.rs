//! Arguments that all long commands share.

use std::time::Duration;

use clap::Args;

/// How a command is run.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// Threads to compute with; the result does not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Stop after so long, as at Ctrl-C: seconds, or a number with s, m or h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) time_limit: Option<Duration>,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// A time such as `90`, `1.5m` or `8h`.
fn duration(text: &str) -> Result<Duration, String> {
    let units = [("h", 3600.0), ("m", 60.0), ("s", 1.0)];
    let with_unit = units.iter().find_map(|&(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, seconds) = with_unit.unwrap_or((text, 1.0));
    let parsed = number.trim().parse::<f64>().ok().filter(|number| *number > 0.0);
    let parsed = parsed.and_then(|number| Duration::try_from_secs_f64(number * seconds).ok());
    parsed.ok_or_else(|| "give a positive number of seconds, or one with a unit such as 90s, 30m or 8h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in [("90", 90.0), ("0.5", 0.5), ("90s", 90.0), ("1.5m", 90.0), ("8h", 28800.0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)));
        }
        for text in ["", "0", "-1", "h", "nan", "inf", "1e300h", "3 days"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
