//! Vectors of numbers of any type, kept by each thread for the next call.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// At most one vector for each type, more only where calls were nested.
    static SPARE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with an empty vector, which keeps its capacity from call to call.
pub(super) fn lend<T: 'static, R>(work: impl FnOnce(&mut Vec<T>) -> R) -> R {
    let kept = SPARE.with_borrow_mut(|spare| {
        let at = spare.iter().position(|vector| vector.is::<Vec<T>>())?;
        spare.swap_remove(at).downcast::<Vec<T>>().ok()
    });
    let mut vector = kept.unwrap_or_default();
    let result = work(&mut vector);
    vector.clear();
    SPARE.with_borrow_mut(|spare| spare.push(vector));
    result
}
