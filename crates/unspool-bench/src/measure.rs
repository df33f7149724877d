//! Time and memory of this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// However small the budget, at least this many repetitions are timed.
pub(crate) const LEAST_REPS: usize = 3;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Most repetitions.
    pub(crate) reps: usize,
    /// No further repetition starts after this time.
    pub(crate) budget: Duration,
}

/// What the repetitions took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timing {
    /// Seconds of CPU time of the whole process, sorted.
    pub(crate) cpu: Vec<f64>,
    /// Seconds, sorted.
    pub(crate) wall: Vec<f64>,
    /// Largest resident size the process ever had, in MiB.
    pub(crate) peak_mb: Option<f64>,
    /// How much of it came with the work.
    pub(crate) added_mb: Option<f64>,
}

/// Calls `work` once, untimed, then again and again against the clock; returns what the first call
/// returned.
///
/// # Errors
/// The first error of `work`.
pub(crate) fn repeat<T, E>(effort: Effort, mut work: impl FnMut() -> Result<T, E>) -> Result<(T, Timing), E> {
    let before = peak_mb();
    let first = work()?;
    let mut timing = Timing::default();
    let begin = Instant::now();
    while timing.wall.len() < LEAST_REPS || (timing.wall.len() < effort.reps && begin.elapsed() < effort.budget) {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let result = black_box(work()?);
        timing.wall.push(wall.elapsed().as_secs_f64());
        timing.cpu.extend(cpu_seconds().zip(cpu).map(|(end, start)| end - start));
        drop(result);
    }
    timing.wall.sort_by(f64::total_cmp);
    timing.cpu.sort_by(f64::total_cmp);
    timing.peak_mb = peak_mb();
    timing.added_mb = timing.peak_mb.zip(before).map(|(end, start)| end - start);
    Ok((first, timing))
}

/// The median of sorted numbers.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { (sorted[middle - 1] + upper) / 2.0 })
}

/// CPU time of all threads of this process so far, user and system.
#[cfg(unix)]
pub(crate) fn cpu_seconds() -> Option<f64> {
    let usage = usage()?;
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + 1e-6 * t.tv_usec() as f64;
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Largest resident size of this process so far, in MiB.
#[cfg(unix)]
pub(crate) fn peak_mb() -> Option<f64> {
    // Bytes on Apple's systems, KiB elsewhere.
    let unit = if cfg!(target_vendor = "apple") { 1024.0 * 1024.0 } else { 1024.0 };
    Some(usage()?.max_rss() as f64 / unit)
}

#[cfg(unix)]
fn usage() -> Option<nix::sys::resource::Usage> {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_SELF).ok()
}

/// Not measured on this system.
#[cfg(not(unix))]
pub(crate) fn cpu_seconds() -> Option<f64> {
    None
}

/// Not measured on this system.
#[cfg(not(unix))]
pub(crate) fn peak_mb() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn repetitions_have_a_floor_and_a_ceiling() {
        for (reps, budget, expected) in [(1, 60, LEAST_REPS), (9, 0, LEAST_REPS), (5, 60, 5)] {
            let mut calls = 0;
            let work = || {
                calls += 1;
                Ok::<_, ()>(calls)
            };
            let (first, timing) = repeat(Effort { reps, budget: Duration::from_secs(budget) }, work).unwrap();
            assert_eq!((first, timing.wall.len()), (1, expected));
            assert_eq!(calls, expected + 1);
        }
    }
}
