//! Chunks that end at the best separator in reach.

use std::sync::{Arc, LazyLock};

use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::text::boundary::Boundary;
use crate::domain::text::separators::Separators;

/// The name by which users choose it.
pub const NAME: &str = "recursive";

/// The default's search tables, which have 20 KiB: all chunkers share them.
static UNIVERSAL: LazyLock<(SeparatorLevels, Arc<[Boundary]>)> = LazyLock::new(|| {
    let separators = SeparatorLevels::universal();
    let boundaries = boundaries(&separators);
    (separators, boundaries)
});

/// A boundary for each level of separators.
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

/// Half of `max_size`: paragraphs are kept whole where two fit, and the mean chunk is three
/// quarters full.
#[must_use]
pub fn min_size_default(max_size: usize) -> usize {
    max_size.div_ceil(2)
}
