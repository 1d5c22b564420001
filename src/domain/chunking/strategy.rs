//! The strategies: the only list of them.

use crate::domain::chunking::ladder::Ladder;
use crate::domain::chunking::strategies::{fixed, recursive, sentence};
use crate::domain::text::boundary::Boundary;

/// A way to cut, with what only that one takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// Chunks of one size.
    Fixed,
    /// Chunks that end at the best separator in reach.
    Recursive(Ladder),
    /// Chunks of whole sentences.
    Sentence,
}

impl Strategy {
    /// Every strategy, with its defaults.
    #[must_use]
    pub fn all() -> [Self; 3] {
        [
            Self::Fixed,
            Self::Recursive(Ladder::universal()),
            Self::Sentence,
        ]
    }

    /// The name by which users choose it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed => fixed::NAME,
            Self::Recursive(_) => recursive::NAME,
            Self::Sentence => sentence::NAME,
        }
    }

    /// The boundaries that it cuts at, best first.
    #[must_use]
    pub fn ladder(&self) -> Vec<Boundary> {
        match self {
            Self::Fixed => fixed::ladder(),
            Self::Recursive(ladder) => recursive::ladder(ladder),
            Self::Sentence => sentence::ladder(),
        }
    }

    /// The `min_size` that goes with `max_size` where none is given.
    #[must_use]
    pub fn min_size_default(&self, max_size: usize) -> usize {
        match self {
            Self::Fixed => fixed::min_size_default(max_size),
            Self::Recursive(_) => recursive::min_size_default(max_size),
            Self::Sentence => sentence::min_size_default(max_size),
        }
    }
}
