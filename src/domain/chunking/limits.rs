//! How large chunks may be, and how much they share.

use crate::domain::text::boundary::LOOK_AHEAD_BYTES;
use crate::domain::text::measure::Measure;

/// The default of `max_bytes`: a chunk of 1,000 words in any script, and one network frame.
pub const MAX_BYTES_DEFAULT: usize = 64 * 1024;
/// The most that `max_bytes` may be: a batch of 1 MiB holds two such chunks.
pub const MAX_BYTES_CEILING: usize = 512 * 1024;
/// The least that `max_bytes` may be: room for a few of the longest grapheme clusters in use.
pub const MAX_BYTES_FLOOR: usize = 64;
/// How many times larger than `min_size` the `max_size` may be: so many times a text may be searched.
pub const MIN_SIZE_DIVISOR: usize = 8;
/// The least that `max_size` may be in bytes: the longest character.
pub const MAX_SIZE_BYTES_FLOOR: usize = 4;
/// The least that `max_size` may be in characters: Big5 has codes that stand for two, and a chunk
/// cannot end within one.
pub const MAX_SIZE_CHARACTERS_FLOOR: usize = 2;

/// The sizes of chunks, in a measure. Made by [`Limits::new`], which keeps
/// `max_size / 8 ≤ min_size ≤ max_size` and `overlap ≤ min_size × 2/3`: every chunk but the last adds
/// a twenty-fourth of `max_size` or more, so no text makes many chunks of little. (Less only where
/// `max_bytes`, or a grapheme cluster that does not fit, ends a chunk before `min_size`.)
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
        /// What was asked for.
        max_size: usize,
        /// Its unit.
        measure: Measure,
        /// The least.
        floor: usize,
    },
    /// `min_size` is out of range.
    #[error(
        "min_size is {min_size}, but must be from an eighth of max_size, {least}, to max_size, {max_size}"
    )]
    MinSize {
        /// What was asked for.
        min_size: usize,
        /// The least.
        least: usize,
        /// The most.
        max_size: usize,
    },
    /// `overlap` is out of range.
    #[error("overlap is {overlap}, but must be at most two thirds of min_size, {most}")]
    Overlap {
        /// What was asked for.
        overlap: usize,
        /// The most.
        most: usize,
    },
    /// `max_bytes` is out of range.
    #[error("max_bytes is {max_bytes}, but must be from {MAX_BYTES_FLOOR} to {MAX_BYTES_CEILING}")]
    MaxBytes {
        /// What was asked for.
        max_bytes: usize,
    },
}

/// The most that may be shared by chunks of `min_size`: what is left is new.
fn overlap_most(min_size: usize) -> usize {
    min_size / 3 * 2 + min_size % 3 * 2 / 3
}

/// The `min_size` that goes with an overlap where none is given: as small as it may be with that overlap, but not so large
/// that a chunk could end at no other place than at its limit.
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

    /// The unit of the sizes.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// No chunk but a document's last is smaller, unless `max_bytes` or a grapheme cluster that does
    /// not fit ends it.
    #[must_use]
    pub fn min_size(&self) -> usize {
        self.min_size
    }

    /// No chunk is larger.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.max_size
    }

    /// The most that a chunk repeats of the one before it.
    #[must_use]
    pub fn overlap(&self) -> usize {
        self.overlap
    }

    /// No chunk has more bytes, whatever its size.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// The most bytes that a chunk can have.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.max_bytes.min(self.measure.bytes_max(self.max_size))
    }

    /// The most bytes that two neighbours share.
    #[must_use]
    pub fn overlap_bytes_max(&self) -> usize {
        match self.overlap {
            0 => 0,
            overlap => self.measure.bytes_max(overlap).min(self.max_bytes / 2),
        }
    }

    /// How much text after a chunk's start decides where it ends.
    #[must_use]
    pub fn horizon_bytes(&self) -> usize {
        // A character more on each side: places are rounded to characters.
        self.chunk_bytes_max() + LOOK_AHEAD_BYTES + 8
    }

    /// The end of the longest prefix of `text` that a chunk may have.
    #[must_use]
    pub fn longest(&self, text: &str) -> usize {
        let text = &text[..text.floor_char_boundary(self.max_bytes)];
        self.measure.prefix(text, self.max_size)
    }

    /// The end of the shortest prefix of `text` that is as large as a chunk should be.
    #[must_use]
    pub fn shortest(&self, text: &str) -> usize {
        self.measure.reach(text, self.min_size)
    }

    /// The start of the longest suffix of a chunk that the next one may repeat.
    #[must_use]
    pub fn overlap_start(&self, chunk: &str) -> usize {
        let last = chunk.ceil_char_boundary(chunk.len().saturating_sub(self.max_bytes / 2));
        last + self.measure.suffix(&chunk[last..], self.overlap)
    }
}
