//! Requests to stop: Ctrl-C, and the end of the time that was given.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::args::Running;
use crate::exit::Failure;
use crate::output;

/// Whether somebody asked to stop.
pub(crate) struct Stop {
    asked: AtomicBool,
    /// Said at the first request, where the command then ends by itself; none: the program ends at once.
    patience: Mutex<Option<&'static str>>,
    /// Said when the program ends at once.
    farewell: &'static str,
}

impl Stop {
    /// Watches for requests. The first says `patience`, the second ends the program.
    pub(super) fn watch(running: &Running, patience: &'static str) -> Result<Arc<Self>, Failure> {
        Self::start(running, Some(patience), "stopped")
    }

    /// Watches for requests. The first ends the program, with this farewell.
    pub(super) fn at_once(running: &Running, farewell: &'static str) -> Result<Arc<Self>, Failure> {
        Self::start(running, None, farewell)
    }

    fn start(running: &Running, patience: Option<&'static str>, farewell: &'static str) -> Result<Arc<Self>, Failure> {
        let stop = Arc::new(Stop { asked: AtomicBool::new(false), patience: Mutex::new(patience), farewell });
        let own = Arc::clone(&stop);
        let handler = ctrlc::set_handler(move || own.ask("", 130));
        handler.map_err(|error| Failure::new(format!("Ctrl-C cannot be watched: {error}"), "try again"))?;
        if let Some(limit) = running.time_limit {
            let own = Arc::clone(&stop);
            std::thread::spawn(move || {
                std::thread::sleep(limit);
                if !own.is_asked() {
                    own.ask("the time is over: ", 1);
                }
            });
        }
        Ok(stop)
    }

    fn ask(&self, why: &str, code: i32) {
        let again = self.asked.swap(true, Ordering::Relaxed);
        let patience = *self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        match patience {
            Some(message) if !again => output::tell(&format!("{why}{message}")),
            _ => {
                output::tell(&format!("{why}{}", self.farewell));
                std::process::exit(code);
            }
        }
    }

    /// Whether to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// From now on a first request says this, or ends the program.
    pub(crate) fn be_patient(&self, patience: Option<&'static str>) {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner) = patience;
    }
}
