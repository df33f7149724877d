//! Memory that is taken at once, and cut into parts.

/// Parts of these lengths, one after another.
pub(crate) fn split<F, const N: usize>(mut memory: &[F], lens: [usize; N]) -> [&[F]; N] {
    lens.map(|n| {
        let (part, rest) = memory.split_at(n);
        memory = rest;
        part
    })
}

/// Parts of these lengths, one after another, that can be changed.
pub(crate) fn split_mut<F, const N: usize>(mut memory: &mut [F], lens: [usize; N]) -> [&mut [F]; N] {
    lens.map(|n| {
        let (part, rest) = std::mem::take(&mut memory).split_at_mut(n);
        memory = rest;
        part
    })
}

/// Parts of a run of numbers, one after the other, each on a cache line of its own.
pub(crate) struct Arena<'a, F>(&'a mut [F]);

/// Bytes of a cache line.
const LINE: usize = 64;

/// How many numbers lie before the first one that begins a cache line.
pub(crate) fn skip<F>(memory: &[F]) -> usize {
    memory.as_ptr().align_offset(LINE).min(memory.len())
}

impl<'a, F> Arena<'a, F> {
    /// How much more memory than that of its parts is needed for so many parts.
    pub(crate) fn slack(parts: usize) -> usize {
        (parts + 1) * LINE / size_of::<F>()
    }

    pub(crate) fn new(memory: &'a mut [F]) -> Self {
        Arena(memory)
    }

    pub(crate) fn take(&mut self, n: usize) -> &'a mut [F] {
        let memory = std::mem::take(&mut self.0);
        let first = skip(memory);
        let (part, rest) = memory[first..].split_at_mut(n);
        self.0 = rest;
        part
    }
}
