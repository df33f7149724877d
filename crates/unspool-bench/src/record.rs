//! What is reported about a case: as JSON, and as a row of a table.

use serde::{Deserialize, Serialize};

use crate::measure::{Timing, median};

/// One case's result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// `problem/method`.
    pub(crate) case: String,
    /// Median CPU seconds of a repetition, all threads together.
    pub(crate) cpu_s: Option<f64>,
    /// Median seconds of a repetition.
    pub(crate) wall_s: Option<f64>,
    /// Largest resident size of the case's process, MiB.
    pub(crate) peak_mb: Option<f64>,
    /// Relative distance from the exact answer; `null` where there is none to compare with.
    pub(crate) error: Option<f64>,
    /// Relative distance from the exact derivative of the last iterate.
    #[serde(rename = "error_T", default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_last: Option<f64>,
    /// Part of `peak_mb` that came after the data were loaded.
    pub(crate) added_mb: Option<f64>,
    /// Least CPU seconds of a repetition.
    pub(crate) cpu_min_s: Option<f64>,
    /// Least seconds of a repetition.
    pub(crate) wall_min_s: Option<f64>,
    /// Multiply-adds a CPU second, at best, where the case counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fma_per_s: Option<f64>,
    /// Timed repetitions.
    pub(crate) reps: usize,
    /// Threads of the pool.
    pub(crate) threads: usize,
}

impl Record {
    /// The result of a case without its errors.
    pub(crate) fn new(case: String, threads: usize, timing: &Timing) -> Self {
        Record {
            case,
            cpu_s: median(&timing.cpu),
            wall_s: median(&timing.wall),
            peak_mb: timing.peak_mb,
            error: None,
            error_last: None,
            added_mb: timing.added_mb,
            fma_per_s: None,
            cpu_min_s: timing.cpu.first().copied(),
            wall_min_s: timing.wall.first().copied(),
            reps: timing.wall.len(),
            threads,
        }
    }

    /// The table's head, `width` characters for the names of the cases.
    pub(crate) fn head(width: usize) -> String {
        format!(
            "{:width$} {:>10} {:>10} {:>8} {:>7} {:>9} {:>9} {:>7} {:>5}",
            "case", "cpu ms", "wall ms", "peak MB", "+MB", "error", "error_T", "Gfma/s", "reps"
        )
    }

    /// This case as a row of the table.
    pub(crate) fn row(&self, width: usize) -> String {
        let fixed = |x: Option<f64>, digits: usize| x.map_or("-".to_owned(), |x| format!("{x:.digits$}"));
        let small = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.1e}"));
        let ms = |x: Option<f64>| fixed(x.map(|s| 1e3 * s), 3);
        format!(
            "{:width$} {:>10} {:>10} {:>8} {:>7} {:>9} {:>9} {:>7} {:>5}",
            self.case,
            ms(self.cpu_s),
            ms(self.wall_s),
            fixed(self.peak_mb, 1),
            fixed(self.added_mb, 1),
            small(self.error),
            small(self.error_last),
            fixed(self.fma_per_s.map(|f| f / 1e9), 1),
            self.reps
        )
    }
}
