//! The size limits of chunks, and their overlap.

use crate::domain::chunking::measure::Measure;
use crate::domain::text::segmentation::boundary::LOOK_AHEAD_BYTES;

/// The default of `max_bytes`: a chunk of 1,000 words in any script, and one network frame.
pub const MAX_BYTES_DEFAULT: usize = 64 * 1024;
/// The bytes of a token by which `max_bytes` follows from a size in tokens. Words of most languages have 3 to 6 bytes a
/// token; a text with more has runs of spaces. An upload must receive as much text before its first chunk is certain.
const TOKEN_BYTES: usize = 32;
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

/// The sizes of chunks, in a measure. The fields of [`Limits`] are public here because they are not checked yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sizes {
    /// The unit of the sizes.
    pub measure: Measure,
    /// The smallest size of a chunk. Only a document's last chunk is smaller, or one that ends because of `max_bytes`,
    /// `max_tokens`, `reserve_tokens` or a grapheme cluster that does not fit.
    pub min_size: usize,
    /// The largest size of a chunk.
    pub max_size: usize,
    /// The largest size that a chunk repeats of the one before it.
    pub overlap: usize,
    /// The limit in bytes, which holds for chunks of any size.
    pub max_bytes: usize,
    /// The limit in tokens, which holds beside another measure.
    pub max_tokens: Option<usize>,
    /// The tokens of each limit in tokens that are left free, for those that a model adds.
    pub reserve_tokens: usize,
}

/// The checked sizes of chunks. [`Limits::new`] enforces `max_size / 8 ≤ min_size ≤ max_size` and `overlap ≤
/// min_size × 2/3`. So every chunk but the last adds at least 1/24 of `max_size`, and no text has many chunks with
/// little new text. A chunk adds less only if `max_bytes`, a limit in tokens, or a grapheme cluster that does not fit, ends
/// it before `min_size`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits(Sizes);

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
    /// `max_tokens` is out of range.
    #[error("max_tokens is {max_tokens}, but must be from 1 to {MAX_BYTES_CEILING}")]
    MaxTokens {
        /// The requested limit.
        max_tokens: usize,
    },
    /// `reserve_tokens` leaves no token for a chunk.
    #[error("reserve_tokens is {reserve}, but must be less than the limit in tokens, {limit}")]
    ReserveTokens {
        /// The requested reserve.
        reserve: usize,
        /// The least limit in tokens; 0 without any.
        limit: usize,
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

/// Returns the default of `max_bytes` for chunks of `max_size` tokens: at most `most`.
#[must_use]
pub fn max_bytes_for_tokens(max_size: usize, most: usize) -> usize {
    max_size
        .saturating_mul(TOKEN_BYTES)
        .clamp(MAX_BYTES_FLOOR, most)
}

impl Limits {
    /// Checks the sizes against each other.
    ///
    /// # Errors
    ///
    /// Fails with the first size that is out of its range.
    pub fn new(sizes: Sizes) -> Result<Self, Error> {
        let Sizes {
            measure,
            min_size,
            max_size,
            overlap,
            max_bytes,
            max_tokens,
            reserve_tokens: reserve,
        } = sizes;
        let floor = match measure {
            Measure::Characters => MAX_SIZE_CHARACTERS_FLOOR,
            Measure::Bytes => MAX_SIZE_BYTES_FLOOR,
            Measure::Words | Measure::Tokens => 1,
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
        if let Some(max_tokens) = max_tokens.filter(|most| !(1..=MAX_BYTES_CEILING).contains(most))
        {
            return Err(Error::MaxTokens { max_tokens });
        }
        let limit = sizes.token_limit().unwrap_or(0);
        if reserve > 0 && reserve >= limit {
            return Err(Error::ReserveTokens { reserve, limit });
        }
        Ok(Self(sizes))
    }

    /// Returns the unit of the sizes.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.0.measure
    }

    /// Returns the smallest size of a chunk, with the exceptions of [`Sizes::min_size`].
    #[must_use]
    pub fn min_size(&self) -> usize {
        self.0.min_size
    }

    /// Returns the largest size of a chunk.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.0.max_size
    }

    /// Returns the largest size that a chunk repeats of the one before it.
    #[must_use]
    pub fn overlap(&self) -> usize {
        self.0.overlap
    }

    /// Returns the limit in bytes, which holds for chunks of any size.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.0.max_bytes
    }

    /// Returns the limit in tokens that holds beside another measure.
    #[must_use]
    pub fn max_tokens(&self) -> Option<usize> {
        self.0.max_tokens
    }

    /// Returns the tokens that are left free of each limit in tokens.
    #[must_use]
    pub fn reserve_tokens(&self) -> usize {
        self.0.reserve_tokens
    }

    /// Returns the most tokens of a chunk. `None` means that nothing is measured in tokens.
    #[must_use]
    pub fn chunk_tokens_max(&self) -> Option<usize> {
        let limit = self.0.token_limit();
        limit.map(|limit| limit.saturating_sub(self.0.reserve_tokens))
    }

    /// Returns the most bytes that a chunk can have.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        let by_size = self.0.measure.bytes_max(self.0.max_size);
        self.0.max_bytes.min(by_size)
    }

    /// Returns the most bytes that two neighbours share.
    #[must_use]
    pub fn overlap_bytes_max(&self) -> usize {
        match self.0.overlap {
            0 => 0,
            overlap => self.0.measure.bytes_max(overlap).min(self.0.max_bytes / 2),
        }
    }

    /// Returns the bytes of text after a chunk's start that decide where it ends.
    #[must_use]
    pub fn horizon_bytes(&self) -> usize {
        // One character more on each side, because places are rounded to characters.
        self.chunk_bytes_max() + LOOK_AHEAD_BYTES + 8
    }
}

impl Sizes {
    /// Returns the least limit in tokens, the reserve included.
    fn token_limit(&self) -> Option<usize> {
        let size = (self.measure == Measure::Tokens).then_some(self.max_size);
        match (size, self.max_tokens) {
            (Some(size), Some(most)) => Some(size.min(most)),
            (size, most) => size.or(most),
        }
    }
}
