//! Chunks that end between the blocks of Markdown.
//!
//! Blocks that do not fit are cut between lines, text between sentences.

use std::sync::Arc;

use crate::domain::chunking::strategies::sentence;
use crate::domain::text::segmentation::boundary::Boundary;

/// The name by which users choose it.
pub const NAME: &str = "markdown";

/// Returns the boundaries within blocks: sentence, line and word.
#[must_use]
pub fn ladder() -> Arc<[Boundary]> {
    sentence::ladder()
}

/// Returns half of `max_size`. Most sections are shorter than that.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size.div_ceil(2)
}
