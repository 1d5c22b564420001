//! Chunks of whole sentences, in every script.
//!
//! Where no sentence ends in reach, a line does; then a word.

use std::sync::Arc;

use crate::domain::text::boundary::Boundary;
use crate::domain::text::separators::{Reading, Separators};

/// The name by which users choose it.
pub const NAME: &str = "sentence";

/// Sentences, lines, words.
#[must_use]
pub fn ladder() -> Arc<[Boundary]> {
    Arc::new([
        Boundary::Sentence,
        Boundary::Separator(Separators::new(
            ["\n", "\u{85}", "\u{2028}"],
            Reading::Lines,
        )),
        Boundary::Word,
    ])
}

/// Half of `max_size`: sentences are shorter than that nearly always.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size.div_ceil(2)
}
