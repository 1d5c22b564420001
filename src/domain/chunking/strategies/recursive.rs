//! Chunks that end at the best separator in reach.

use std::sync::{Arc, LazyLock};

use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::text::segmentation::boundary::Boundary;
use crate::domain::text::segmentation::separators::Separators;

/// The name by which users choose it.
pub const NAME: &str = "recursive";

/// The default separators and their search tables (20 KiB), which all chunkers share.
static UNIVERSAL: LazyLock<(SeparatorLevels, Arc<[Boundary]>)> = LazyLock::new(|| {
    let separators = SeparatorLevels::universal();
    let boundaries = boundaries(&separators);
    (separators, boundaries)
});

/// Returns a boundary for each level of separators.
#[must_use]
pub fn ladder(separators: &SeparatorLevels) -> Arc<[Boundary]> {
    let (universal, ladder) = &*UNIVERSAL;
    if separators == universal {
        Arc::clone(ladder)
    } else {
        boundaries(separators)
    }
}

fn boundaries(separators: &SeparatorLevels) -> Arc<[Boundary]> {
    let levels = separators.levels().iter();
    let boundaries = levels.map(|level| {
        let reading = separators.reading(level);
        Separators::new(level.iter().map(String::as_str), reading)
    });
    boundaries.map(Boundary::Separator).collect()
}

/// Returns half of `max_size`. Paragraphs stay whole where two fit, and the average chunk is three quarters full.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size.div_ceil(2)
}
