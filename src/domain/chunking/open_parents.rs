//! The parents that a chunk's start is in.

use crate::domain::chunking::spec::levels::PARENTS_MAX;

/// The ends of the open parents. They nest, so the ends do not increase from coarse to fine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OpenParents {
    /// The bytes of text from the start to the end of each level's parent, coarse to fine. 0: no parent is open.
    ends: [usize; PARENTS_MAX],
    /// The number of tokens of each level's parent. `None` means that no parent is open, or nothing is measured in tokens.
    tokens: [Option<u32>; PARENTS_MAX],
}

impl OpenParents {
    /// Returns the parents of these ends, in bytes from the start, coarse to fine, with their tokens. Returns `None` unless
    /// they nest, and only open ones have tokens.
    #[must_use]
    pub fn new(ends: [usize; PARENTS_MAX], tokens: [Option<u32>; PARENTS_MAX]) -> Option<Self> {
        let nest = ends.windows(2).all(|pair| pair[0] >= pair[1]);
        let mut levels = ends.iter().zip(tokens);
        let are_open = levels.all(|(end, tokens)| *end > 0 || tokens.is_none());
        (nest && are_open).then_some(Self { ends, tokens })
    }

    /// Returns the ends, in bytes from the start, coarse to fine. 0: no parent is open.
    #[must_use]
    pub fn ends(&self) -> [usize; PARENTS_MAX] {
        self.ends
    }

    /// Returns the numbers of their tokens, coarse to fine.
    #[must_use]
    pub fn tokens(&self) -> [Option<u32>; PARENTS_MAX] {
        self.tokens
    }

    /// Returns the number of open parents of `levels` levels: the coarsest ones.
    #[must_use]
    pub fn open(&self, levels: usize) -> usize {
        self.ends[..levels].partition_point(|end| *end > 0)
    }

    /// Opens the parent of a level, which ends after `bytes` bytes.
    pub fn begin(&mut self, level: usize, bytes: usize, tokens: Option<u32>) {
        self.ends[level] = bytes;
        self.tokens[level] = tokens;
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
        for (end, tokens) in self.ends.iter_mut().zip(&mut self.tokens) {
            *end = end.saturating_sub(bytes);
            *tokens = tokens.filter(|_| *end > 0);
        }
    }
}
