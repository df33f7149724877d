//! Panics of decoders, on damaged files, caught without a word.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// How many decoders are at work.
static DECODING: AtomicUsize = AtomicUsize::new(0);

/// What `decode` gives, or `None` if it panics. Nothing is told of that, nor of other panics at that time: some decoders have
/// threads of their own.
pub(crate) fn caught<T>(decode: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            if DECODING.load(SeqCst) == 0 {
                tell(panic);
            }
        }));
    });
    DECODING.fetch_add(1, SeqCst);
    let done = catch_unwind(AssertUnwindSafe(decode));
    DECODING.fetch_sub(1, SeqCst);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| [0; 2][std::hint::black_box(2)]), None);
        assert_eq!(DECODING.load(SeqCst), 0);
    }
}
