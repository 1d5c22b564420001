//! Chunks of whole sentences, in every script.
//!
//! If no sentence ends in reach, a chunk ends with a line, otherwise with a word.

use std::sync::Arc;

use crate::domain::text::segmentation::boundary::Boundary;
use crate::domain::text::segmentation::separators::{Reading, Separators};

/// The name by which users choose it.
pub const NAME: &str = "sentence";

/// Returns the boundaries sentence, line and word.
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

/// Returns half of `max_size`. Nearly all sentences are shorter than that.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size.div_ceil(2)
}
