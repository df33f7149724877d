//! Long work beside Python: without its lock, and stopped by Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::{Failure, Result};

/// Between two looks at the signals.
const BETWEEN: Duration = Duration::from_millis(50);

/// Runs `f` on a thread of its own while this one, without Python's lock, looks out for signals. One that raises sets the
/// flag that `f` is given; `f` is not waited for then, but whatever it owns stays alive until it ends.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    f: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, (done, mut answer)) = (stop.clone(), mpsc::sync_channel(1));
    std::thread::Builder::new().name("unspool".into()).spawn(move || {
        // nobody listens where it was stopped
        let _ = done.send(f(&flag));
    })?;
    loop {
        let answer = &mut answer;
        match py.detach(move || answer.recv_timeout(BETWEEN)) {
            Ok(result) => return Ok(result?),
            Err(RecvTimeoutError::Timeout) => {
                py.check_signals().inspect_err(|_| stop.store(true, Ordering::Relaxed))?
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::input("the computation panicked", "this is a defect: please report it").into());
            }
        }
    }
}
