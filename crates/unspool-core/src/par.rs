//! Fixed chunks, combined in order: the same bits for any number of threads.
//!
//! The chunks depend on sizes alone. Threads are those of the rayon pool that the caller runs in
//! (`ThreadPool::install`), the global one otherwise.

/// Multiply-adds of a piece. Small pieces also serve a single thread: a sweep that turns back at
/// the end finds the last pieces in cache.
const GRAIN: usize = 1 << 15;
/// Multiply-adds below which waking another thread costs more than it saves.
const WORTH: usize = 1 << 18;

/// Into how many chunks `items` of `work` multiply-adds in all are cut: a power of two up to 16.
pub fn chunks(work: usize, items: usize) -> usize {
    (work / GRAIN).next_power_of_two().clamp(1, 16).min(items.max(1))
}

/// Calls `f(i, part_i)` for the `n` equal parts of `buffer`: on as many threads as there are when
/// the `work`, in multiply-adds in all, is worth it.
pub fn for_parts<T: Send>(work: usize, n: usize, buffer: &mut [T], f: &(dyn Fn(usize, &mut [T]) + Sync)) {
    if n > 1 && work >= WORTH && rayon::current_num_threads() > 1 {
        halves(0, n, buffer, f);
    } else {
        let size = buffer.len() / n.max(1);
        buffer.chunks_exact_mut(size.max(1)).take(n).enumerate().for_each(|(i, part)| f(i, part));
    }
}

fn halves<T: Send>(first: usize, n: usize, buffer: &mut [T], f: &(dyn Fn(usize, &mut [T]) + Sync)) {
    if n == 1 {
        return f(first, buffer);
    }
    let left = n / 2;
    let (a, b) = buffer.split_at_mut(buffer.len() / n * left);
    rayon::join(|| halves(first, left, a, f), || halves(first + left, n - left, b, f));
}

/// The rows of chunk `i` of `n` when `rows` are cut evenly.
pub fn range(rows: usize, n: usize, i: usize) -> std::ops::Range<usize> {
    rows * i / n..rows * (i + 1) / n
}
