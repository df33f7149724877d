//! Progress on standard error.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use unspool_tune::{Evaluation, Phase};

use crate::output;

/// Shows how the tuning goes.
pub(crate) enum Progress {
    /// Not at all.
    Silent,
    /// A bar a phase.
    Bars(Option<(Phase, ProgressBar)>),
    /// A line at the start of each phase, and then one every few seconds.
    Lines(Option<(Phase, Instant)>),
}

impl Progress {
    /// Silent when asked for, bars on a terminal, else lines.
    pub(crate) fn new(quiet: bool) -> Self {
        match (quiet, output::is_watched()) {
            (true, _) => Progress::Silent,
            (false, true) => Progress::Bars(None),
            (false, false) => Progress::Lines(None),
        }
    }

    /// Shows one evaluation.
    pub(crate) fn show(&mut self, evaluation: &Evaluation) {
        match self {
            Progress::Silent => {}
            Progress::Bars(current) => {
                let bar = match current.take() {
                    Some((phase, bar)) if phase == evaluation.phase => bar,
                    earlier => {
                        finish(earlier);
                        bar(evaluation)
                    }
                };
                bar.set_position(evaluation.number as u64);
                bar.set_message(format!("loss {:.5}", evaluation.loss));
                *current = Some((evaluation.phase, bar));
            }
            Progress::Lines(last) => {
                let is_due = |&(phase, told): &(Phase, Instant)| {
                    phase != evaluation.phase || told.elapsed() >= Duration::from_secs(5)
                };
                if last.as_ref().is_none_or(is_due) {
                    let Evaluation { phase, number, most, loss, .. } = evaluation;
                    output::tell(&format!("{phase}: evaluation {number} of at most {most}, loss {loss:.5}"));
                    *last = Some((evaluation.phase, Instant::now()));
                }
            }
        }
    }

    /// Leaves the last bar as it stands.
    pub(crate) fn finish(&mut self) {
        if let Progress::Bars(current) = self {
            finish(current.take());
        }
    }
}

/// A new bar for the phase of this evaluation.
fn bar(evaluation: &Evaluation) -> ProgressBar {
    let bar = ProgressBar::new(evaluation.most as u64);
    let template = "{spinner} {prefix:21} [{bar:30}] {pos:>3}/{len}  {msg}  {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(evaluation.phase.to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Leaves a bar as it stands.
fn finish(bar: Option<(Phase, ProgressBar)>) {
    if let Some((_, bar)) = bar {
        bar.abandon();
    }
}
