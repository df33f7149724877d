//! Stored states.

use std::collections::VecDeque;

use super::checkpoint::optimal_evaluations;
use crate::Real;

/// About this many bytes are allocated at a time when the length of a run is not known.
const CHUNK_BYTES: usize = 1 << 20;
/// No more than about this many when it is: a long run may end early.
const LARGEST_CHUNK: usize = 16 << 20;

/// States `x_first, x_{first+1}, …`, in chunks that never move: nothing is copied as it grows.
pub(crate) struct States<F> {
    first: usize,
    state: usize,
    expected: usize,
    per_chunk: usize,
    chunks: Vec<Vec<F>>,
    len: usize,
    peak: usize,
}

impl<F: Real> States<F> {
    /// Room for `expected` states, at once unless they are many, and for no more than these.
    pub(crate) fn new(state: usize, expected: Option<usize>) -> Self {
        let bytes = if expected.is_some() { LARGEST_CHUNK } else { CHUNK_BYTES };
        let expected = expected.unwrap_or(usize::MAX);
        let per_chunk = (bytes / (state * size_of::<F>()).max(1)).min(expected).max(1);
        States { first: 0, state, expected, per_chunk, chunks: Vec::new(), len: 0, peak: 0 }
    }

    /// Takes in state `t`, the one after the last.
    pub(crate) fn push(&mut self, t: usize, x: &[F]) {
        if self.len == 0 {
            self.first = t;
        }
        let chunk = self.len / self.per_chunk;
        if chunk == self.chunks.len() {
            let room = self.per_chunk.min(self.expected.saturating_sub(self.len));
            self.chunks.reserve_exact(1);
            self.chunks.push(Vec::with_capacity(room * self.state));
        }
        if let Some(chunk) = self.chunks.get_mut(chunk) {
            chunk.extend_from_slice(x);
        }
        self.len += 1;
    }

    /// Forgets all; keeps the room.
    pub(crate) fn clear(&mut self) {
        self.peak = self.peak.max(self.len);
        self.len = 0;
        self.chunks.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn get(&self, t: usize) -> &[F] {
        let i = t - self.first;
        let at = i % self.per_chunk * self.state;
        &self.chunks[i / self.per_chunk][at..at + self.state]
    }

    fn get_mut(&mut self, t: usize) -> &mut [F] {
        let i = t - self.first;
        let at = i % self.per_chunk * self.state;
        &mut self.chunks[i / self.per_chunk][at..at + self.state]
    }

    /// Most states at one time.
    pub(crate) fn peak(&self) -> usize {
        self.peak.max(self.len)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|c| c.capacity() * size_of::<F>()).sum()
    }
}

/// The last `capacity` states of a run of unknown length.
pub(crate) struct Ring<F> {
    state: usize,
    capacity: usize,
    data: Vec<F>,
    /// States pushed so far, forgotten ones included.
    pushed: usize,
}

impl<F: Real> Ring<F> {
    pub(crate) fn new(state: usize, capacity: usize) -> Self {
        Ring { state, capacity, data: Vec::new(), pushed: 0 }
    }

    pub(crate) fn push(&mut self, x: &[F]) {
        if self.pushed < self.capacity {
            self.data.extend_from_slice(x);
        } else if self.capacity > 0 {
            let at = self.pushed % self.capacity * self.state;
            self.data[at..at + self.state].copy_from_slice(x);
        }
        self.pushed += 1;
    }

    /// State `t`, one of the last `capacity` pushed.
    pub(crate) fn get(&self, t: usize) -> &[F] {
        let at = t % self.capacity * self.state;
        &self.data[at..at + self.state]
    }

    pub(crate) fn len(&self) -> usize {
        self.pushed.min(self.capacity)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.data.capacity() * size_of::<F>()
    }
}

/// A stack of checkpoints `(t, x_t)` in increasing `t`, in at most `slots` places that never move.
pub(crate) struct Checkpoints<F> {
    slots: usize,
    places: States<F>,
    /// Places that were left.
    free: Vec<usize>,
    stack: VecDeque<(usize, usize)>,
    pub(crate) peak: usize,
}

impl<F: Real> Checkpoints<F> {
    /// Bytes of bookkeeping for a slot; twice what it is, for the lists are copied as they grow.
    pub(crate) const OVERHEAD: usize = 2 * (size_of::<(usize, usize)>() + size_of::<usize>());

    pub(crate) fn new(state: usize, slots: usize) -> Self {
        let places = States::new(state, Some(slots));
        Checkpoints { slots, places, free: Vec::new(), stack: VecDeque::new(), peak: 0 }
    }

    /// Slots that nothing is in.
    pub(crate) fn free(&self) -> usize {
        self.slots - self.stack.len()
    }

    pub(crate) fn push(&mut self, t: usize, x: &[F]) {
        let slot = if let Some(slot) = self.free.pop() {
            self.places.get_mut(slot).copy_from_slice(x);
            slot
        } else if self.places.len < self.slots {
            let slot = self.places.len;
            if slot == self.stack.capacity() {
                // As many as the next chunk has.
                self.stack.reserve_exact(self.places.per_chunk.min(self.slots - slot));
                self.free.reserve_exact(self.stack.capacity());
            }
            self.places.push(slot, x);
            slot
        } else {
            return;
        };
        self.stack.push_back((t, slot));
        self.peak = self.peak.max(self.stack.len());
    }

    pub(crate) fn top(&self) -> Option<(usize, &[F])> {
        let &(t, slot) = self.stack.back()?;
        Some((t, self.places.get(slot)))
    }

    pub(crate) fn bottom(&self) -> Option<(usize, &[F])> {
        let &(t, slot) = self.stack.front()?;
        Some((t, self.places.get(slot)))
    }

    pub(crate) fn set_bottom(&mut self, t: usize, x: &[F]) {
        if let Some((time, slot)) = self.stack.front_mut() {
            *time = t;
            self.places.get_mut(*slot).copy_from_slice(x);
        }
    }

    /// Drops the checkpoints before the latest one that is not after `t`.
    pub(crate) fn drop_before(&mut self, t: usize) {
        while self.stack.get(1).is_some_and(|&(next, _)| next <= t) {
            if let Some((_, slot)) = self.stack.pop_front() {
                self.free.push(slot);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        while !self.stack.is_empty() {
            self.pop();
        }
    }

    pub(crate) fn pop(&mut self) {
        if let Some((_, slot)) = self.stack.pop_back() {
            self.free.push(slot);
        }
    }

    /// Keeps the checkpoints whose `t` is a multiple of `stride` past the first.
    pub(crate) fn thin(&mut self, stride: usize) {
        let first = self.stack.front().map_or(0, |&(t, _)| t);
        let free = &mut self.free;
        self.stack.retain(|&(t, slot)| {
            let keep = (t - first).is_multiple_of(stride);
            if !keep {
                free.push(slot);
            }
            keep
        });
    }

    /// Forgets all but the earliest.
    pub(crate) fn keep_bottom(&mut self) {
        while self.stack.len() > 1 {
            self.pop();
        }
    }

    /// Steps that reversing the chain up to `end` will repeat, given what is stored now.
    pub(crate) fn replay_cost(&self, end: usize) -> usize {
        let ends = self.stack.iter().skip(1).map(|&(t, _)| t).chain([end]);
        let chains = self.stack.iter().zip(ends).enumerate();
        chains.map(|(i, (&(t, _), end))| optimal_evaluations((end - t).max(1), self.slots - i)).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.bytes() + self.stack.capacity() * Self::OVERHEAD
    }
}
