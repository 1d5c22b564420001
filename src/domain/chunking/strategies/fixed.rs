//! Chunks of one size, cut between any two grapheme clusters.

use std::sync::Arc;

use crate::domain::text::segmentation::boundary::Boundary;

/// The name by which users choose it.
pub const NAME: &str = "fixed";

/// Returns an empty ladder: no boundary is better than another.
#[must_use]
pub fn ladder() -> Arc<[Boundary]> {
    Arc::default()
}

/// Returns `max_size`: every chunk is full, unless a smaller `min_size` leaves a choice.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size
}
