//! Progress on standard error.

use std::sync::Mutex;
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

/// Shows which share of a long search is done, from any thread.
pub(crate) struct Share {
    /// `None`: silent.
    told: Option<Mutex<Instant>>,
    bar: Option<ProgressBar>,
}

impl Share {
    /// Silent when asked for, a bar on a terminal, else lines.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = (!quiet && output::is_watched()).then(|| {
            let bar = ProgressBar::new(1000);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg:40} [{bar:30}] {percent}%  {elapsed}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Share { told: (!quiet).then(|| Mutex::new(Instant::now())), bar }
    }

    /// A new stage begins.
    pub(crate) fn stage(&self, what: &str) {
        match (&self.bar, &self.told) {
            (Some(bar), _) => {
                bar.set_position(0);
                bar.set_message(what.to_owned());
            }
            (None, Some(_)) => output::tell(what),
            _ => {}
        }
    }

    /// So much of the stage is done.
    pub(crate) fn show(&self, done: f64) {
        if let Some(bar) = &self.bar {
            bar.set_position((1000.0 * done) as u64);
        } else if let Some(mut told) = self.told.as_ref().and_then(|told| told.try_lock().ok())
            && told.elapsed() >= Duration::from_secs(10)
        {
            output::tell(&format!("{:.0} %", 100.0 * done));
            *told = Instant::now();
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
