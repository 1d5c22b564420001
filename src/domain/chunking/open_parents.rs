//! The parents that a chunk's start is in.

use crate::domain::chunking::levels::PARENTS_MAX;

/// The ends of the open parents. They nest, so the ends do not increase from coarse to fine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OpenParents {
    /// The bytes of text from the start to the end of each level's parent, coarse to fine. 0: no parent is open.
    ends: [usize; PARENTS_MAX],
}

impl OpenParents {
    /// Returns the parents of these ends, in bytes from the start, coarse to fine. Returns `None` unless they nest.
    #[must_use]
    pub fn new(ends: [usize; PARENTS_MAX]) -> Option<Self> {
        let nest = ends.windows(2).all(|pair| pair[0] >= pair[1]);
        nest.then_some(Self { ends })
    }

    /// Returns the ends, in bytes from the start, coarse to fine. 0: no parent is open.
    #[must_use]
    pub fn ends(&self) -> [usize; PARENTS_MAX] {
        self.ends
    }

    /// Returns the number of open parents of `levels` levels: the coarsest ones.
    #[must_use]
    pub fn open(&self, levels: usize) -> usize {
        self.ends[..levels].partition_point(|end| *end > 0)
    }

    /// Opens the parent of a level, which ends after `bytes` bytes.
    pub fn begin(&mut self, level: usize, bytes: usize) {
        self.ends[level] = bytes;
    }

    /// Returns the end of the innermost parent of `levels` levels. `None` without levels.
    #[must_use]
    pub fn innermost(&self, levels: usize) -> Option<usize> {
        let end = *self.ends[..levels].last()?;
        Some(end)
    }

    /// Returns the number of parents that end after `bytes` bytes: the finest ones.
    #[must_use]
    pub fn ended(&self, bytes: usize) -> usize {
        self.ends.iter().filter(|end| **end == bytes).count()
    }

    /// Moves the start by `bytes`.
    pub fn advance(&mut self, bytes: usize) {
        for end in &mut self.ends {
            *end = end.saturating_sub(bytes);
        }
    }
}
