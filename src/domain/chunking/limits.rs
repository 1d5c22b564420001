//! The size limits of chunks, and their overlap.

use std::ops::RangeInclusive;

use crate::domain::text::measure::Measure;
use crate::domain::text::segmentation::boundary::LOOK_AHEAD_BYTES;

/// The default of `max_bytes`: a chunk of 1,000 words in any script, and one network frame.
pub const MAX_BYTES_DEFAULT: usize = 64 * 1024;
/// The most that `max_bytes` may be: a batch of 1 MiB holds two such chunks.
pub const MAX_BYTES_CEILING: usize = 512 * 1024;
/// The least that `max_bytes` may be: room for a few of the longest grapheme clusters in use.
pub const MAX_BYTES_FLOOR: usize = 64;
/// The largest ratio of `max_size` to `min_size`, which bounds the number of times that a text may be searched.
pub const MIN_SIZE_DIVISOR: usize = 8;
/// The least that `max_size` may be in bytes: the longest character.
pub const MAX_SIZE_BYTES_FLOOR: usize = 4;
/// The least that `max_size` may be in characters. Big5 has codes that stand for two characters, and a chunk cannot
/// end within one.
pub const MAX_SIZE_CHARACTERS_FLOOR: usize = 2;

/// The sizes of chunks, in a measure. [`Limits::new`] enforces `max_size / 8 ≤ min_size ≤ max_size` and `overlap ≤
/// min_size × 2/3`. So every chunk but the last adds at least 1/24 of `max_size`, and no text has many chunks with
/// little new text. A chunk adds less only if `max_bytes`, or a grapheme cluster that does not fit, ends it before
/// `min_size`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    measure: Measure,
    min_size: usize,
    max_size: usize,
    overlap: usize,
    max_bytes: usize,
}

/// The sizes do not fit together, or are out of range.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// `max_size` is out of range.
    #[error("max_size is {max_size} {measure}, but must be from {floor} to {MAX_BYTES_CEILING}", measure = measure.name())]
    MaxSize {
        /// The requested size.
        max_size: usize,
        /// The unit of the size.
        measure: Measure,
        /// The least allowed size.
        floor: usize,
    },
    /// `min_size` is out of range.
    #[error(
        "min_size is {min_size}, but must be from an eighth of max_size, {least}, to max_size, {max_size}"
    )]
    MinSize {
        /// The requested size.
        min_size: usize,
        /// The least allowed size.
        least: usize,
        /// The largest allowed size.
        max_size: usize,
    },
    /// `overlap` is out of range.
    #[error("overlap is {overlap}, but must be at most two thirds of min_size, {most}")]
    Overlap {
        /// The requested overlap.
        overlap: usize,
        /// The largest allowed overlap.
        most: usize,
    },
    /// `max_size` is not the size of the finest level.
    #[error("max_size is {max_size}, but must be that of the finest of levels, {finest}")]
    Levels {
        /// The requested size.
        max_size: usize,
        /// The size of the finest level.
        finest: usize,
    },
    /// The size of a level of parents is out of range.
    #[error("levels have {size}, but each size must be at most {MAX_BYTES_CEILING}")]
    ParentSize {
        /// The size.
        size: usize,
    },
    /// `max_bytes` is out of range.
    #[error("max_bytes is {max_bytes}, but must be from {MAX_BYTES_FLOOR} to {MAX_BYTES_CEILING}")]
    MaxBytes {
        /// The requested limit.
        max_bytes: usize,
    },
}

/// Returns the largest overlap for chunks of `min_size`. The rest of a chunk is new text.
fn overlap_most(min_size: usize) -> usize {
    min_size / 3 * 2 + min_size % 3 * 2 / 3
}

/// Returns the default `min_size` for an overlap: the smallest that the overlap allows, but at most three quarters
/// of `max_size`, so that a chunk can end before its limit.
#[must_use]
pub fn min_size_for(overlap: usize, max_size: usize) -> usize {
    overlap
        .saturating_add(overlap.div_ceil(2))
        .min(max_size - max_size / 4)
}

impl Limits {
    /// Checks the sizes against each other.
    ///
    /// # Errors
    ///
    /// Fails with the first size that is out of its range.
    pub fn new(
        measure: Measure,
        (min_size, max_size): (usize, usize),
        overlap: usize,
        max_bytes: usize,
    ) -> Result<Self, Error> {
        let floor = match measure {
            Measure::Characters => MAX_SIZE_CHARACTERS_FLOOR,
            Measure::Bytes => MAX_SIZE_BYTES_FLOOR,
            Measure::Words => 1,
        };
        if !(floor..=MAX_BYTES_CEILING).contains(&max_size) {
            return Err(Error::MaxSize {
                max_size,
                measure,
                floor,
            });
        }
        let least = max_size.div_ceil(MIN_SIZE_DIVISOR);
        if !(least..=max_size).contains(&min_size) {
            return Err(Error::MinSize {
                min_size,
                least,
                max_size,
            });
        }
        let most = overlap_most(min_size);
        if overlap > most {
            return Err(Error::Overlap { overlap, most });
        }
        if !(MAX_BYTES_FLOOR..=MAX_BYTES_CEILING).contains(&max_bytes) {
            return Err(Error::MaxBytes { max_bytes });
        }
        Ok(Self {
            measure,
            min_size,
            max_size,
            overlap,
            max_bytes,
        })
    }

    /// Returns the unit of the sizes.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// Returns the smallest size of a chunk. Only a document's last chunk is smaller, or one that ends because of
    /// `max_bytes` or a grapheme cluster that does not fit.
    #[must_use]
    pub fn min_size(&self) -> usize {
        self.min_size
    }

    /// Returns the largest size of a chunk.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.max_size
    }

    /// Returns the largest size that a chunk repeats of the one before it.
    #[must_use]
    pub fn overlap(&self) -> usize {
        self.overlap
    }

    /// Returns the limit in bytes, which holds for chunks of any size.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Returns the most bytes that a chunk can have.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.max_bytes.min(self.measure.bytes_max(self.max_size))
    }

    /// Returns the most bytes that two neighbours share.
    #[must_use]
    pub fn overlap_bytes_max(&self) -> usize {
        match self.overlap {
            0 => 0,
            overlap => self.measure.bytes_max(overlap).min(self.max_bytes / 2),
        }
    }

    /// Returns the bytes of text after a chunk's start that decide where it ends.
    #[must_use]
    pub fn horizon_bytes(&self) -> usize {
        // One character more on each side, because places are rounded to characters.
        self.chunk_bytes_max() + LOOK_AHEAD_BYTES + 8
    }

    /// Returns the ends of the shortest and of the longest prefix of `text` that a chunk may have.
    #[must_use]
    pub fn prefixes(&self, text: &str) -> RangeInclusive<usize> {
        let text = &text[..text.floor_char_boundary(self.max_bytes)];
        self.measure.prefixes(text, self.min_size, self.max_size)
    }

    /// Returns the start of the longest suffix of a chunk that the next one may repeat.
    #[must_use]
    pub fn overlap_start(&self, chunk: &str) -> usize {
        let last = chunk.ceil_char_boundary(chunk.len().saturating_sub(self.max_bytes / 2));
        last + self.measure.suffix(&chunk[last..], self.overlap)
    }
}
