//! Panics of decoders, on damaged files, caught without a word.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// What `decode` gives, or `None` if it panics, of which nothing is told; panics of other threads are told as ever.
pub(super) fn caught<T>(decode: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_DECODING.get() {
                tell(panic);
            }
        }));
    });
    let before = IS_DECODING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(before);
    done.ok()
}
