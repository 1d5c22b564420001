//! How a source is to become text, as the uploader chose, and what can be wrong with it.

use std::fmt;

use crate::domain::text::charset::Charset;

/// How a source becomes text; the same on every store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoding {
    /// The charset; none: by byte order mark, else UTF-8 if the first 32 KiB are, else a guess.
    pub charset: Option<Charset>,
    /// What becomes of bytes that no character begins with.
    pub invalid: Policy,
    /// What becomes of U+0000, which PostgreSQL's text cannot hold.
    pub nul: Policy,
    /// What becomes of the charset's byte order mark at the start.
    pub byte_order_mark: ByteOrderMark,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            charset: Some(Charset::UTF_8),
            invalid: Policy::default(),
            nul: Policy::default(),
            byte_order_mark: ByteOrderMark::default(),
        }
    }
}

/// Everything that decides the text, in one line: equal lines, equal text.
impl fmt::Display for Decoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            charset,
            invalid,
            nul,
            byte_order_mark,
        } = self;
        let charset = charset.map_or("detected", Charset::name);
        write!(
            f,
            "charset {charset}, invalid {invalid:?}, nul {nul:?}, mark {byte_order_mark:?}"
        )
    }
}

/// What becomes of a fault.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Policy {
    /// The document is refused, with the fault's byte.
    #[default]
    Reject,
    /// The fault becomes U+FFFD.
    Replace,
}

impl Policy {
    /// The policy that replaces faults, or the one that rejects them.
    #[must_use]
    pub fn replacing(replaces: bool) -> Self {
        if replaces {
            Self::Replace
        } else {
            Self::Reject
        }
    }
}

/// What becomes of a byte order mark.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ByteOrderMark {
    /// The text begins after it.
    #[default]
    Drop,
    /// It is the text's first character, U+FEFF.
    Keep,
}

impl ByteOrderMark {
    /// The policy that keeps the mark, or the one that drops it.
    #[must_use]
    pub fn keeping(keeps: bool) -> Self {
        if keeps { Self::Keep } else { Self::Drop }
    }
}

/// The document cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Bytes that are no character in the charset.
    #[error("byte {offset} begins no character of {charset}")]
    Invalid {
        /// Where in the source, from 0.
        offset: u64,
        /// The charset.
        charset: &'static str,
    },
    /// The source is not the one that was begun with: here it begins other text than a chunk has.
    #[error("byte {offset} begins other text than what was sent before")]
    Changed {
        /// Where in the source, from 0.
        offset: u64,
    },
    /// U+0000.
    #[error("byte {offset} is a NUL character, which text does not have")]
    Nul {
        /// Where in the source, from 0.
        offset: u64,
    },
}

impl Fault {
    /// Where in the source, from 0.
    #[must_use]
    pub fn offset(self) -> u64 {
        match self {
            Self::Invalid { offset, .. } | Self::Changed { offset } | Self::Nul { offset } => {
                offset
            }
        }
    }
}
