//! How a source becomes text, as the uploader chose, and the faults that decoding can find.

use std::fmt;

use crate::domain::text::encoding::charset::{Charset, converter};

/// How a source becomes text. The result is the same on every store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoding {
    /// The charset. `None` means that it is detected, as [`undecided`](crate::domain::text::encoding::detection::undecided) describes. A
    /// byte order mark overrides UTF-16 and UTF-32.
    pub charset: Option<Charset>,
    /// The policy for bytes that begin no character.
    pub invalid: Policy,
    /// The policy for U+0000, which PostgreSQL's text cannot store.
    pub nul: Policy,
    /// The policy for the charset's byte order mark at the start.
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

impl Decoding {
    /// Whether the text has exactly the source's bytes, apart from a byte order mark.
    #[must_use]
    pub fn is_verbatim(self) -> bool {
        self.charset == Some(Charset::UTF_8)
            && self.invalid == Policy::Reject
            && self.nul == Policy::Reject
    }
}

/// Formats everything that decides the text, in one line. Equal lines mean equal text.
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

/// The treatment of a fault.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Policy {
    /// The document is rejected, with the offset of the fault.
    #[default]
    Reject,
    /// The fault becomes U+FFFD.
    Replace,
}

impl Policy {
    /// Returns the policy that replaces faults if `replaces`, or the one that rejects them.
    #[must_use]
    pub fn replacing(replaces: bool) -> Self {
        if replaces {
            Self::Replace
        } else {
            Self::Reject
        }
    }
}

/// The treatment of a byte order mark.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ByteOrderMark {
    /// The text begins after the mark.
    #[default]
    Drop,
    /// The mark is the text's first character, U+FEFF.
    Keep,
}

impl ByteOrderMark {
    /// Returns the policy that keeps the mark if `keeps`, or the one that drops it.
    #[must_use]
    pub fn keeping(keeps: bool) -> Self {
        if keeps { Self::Keep } else { Self::Drop }
    }
}

/// The document cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The source is not text.
    #[error("the source is {format}, not text; extract its text first")]
    Binary {
        /// The format, with its article.
        format: &'static str,
    },
    /// Bytes are no character in the charset.
    #[error(
        "byte {offset} begins no character of {charset}{}{}",
        if *.is_detected { ", which was detected" } else { "" },
        hint(*.looks_like)
    )]
    Invalid {
        /// The offset in the source, from 0.
        offset: u64,
        /// The charset.
        charset: &'static str,
        /// Whether the charset was detected, not declared.
        is_detected: bool,
        /// The charset that the source appears to be in, if it differs from the declared one.
        looks_like: Option<&'static str>,
    },
    /// The source has an escape sequence of a charset that switches between character sets.
    #[error(
        "byte {offset} begins an escape sequence of {charset}, which is not supported: convert the \
         source to UTF-8 first, such as with `{} -f {charset} -t UTF-8`",
        converter(charset)
    )]
    Escape {
        /// The offset in the source, from 0.
        offset: u64,
        /// The charset.
        charset: &'static str,
    },
    /// The source has changed since a chunk was stored: here its text differs from the chunk's.
    #[error("byte {offset} begins other text than was sent before")]
    Changed {
        /// The offset in the source, from 0.
        offset: u64,
    },
    /// The source has a U+0000.
    #[error("byte {offset} is a NUL character, which text does not have{}", hint(*.looks_like))]
    Nul {
        /// The offset in the source, from 0.
        offset: u64,
        /// The charset that the source appears to be in, if it differs from the declared one.
        looks_like: Option<&'static str>,
    },
}

impl Fault {
    /// Returns the offset in the source, from 0.
    #[must_use]
    pub fn offset(self) -> u64 {
        match self {
            Self::Binary { .. } => 0,
            Self::Invalid { offset, .. }
            | Self::Escape { offset, .. }
            | Self::Changed { offset }
            | Self::Nul { offset, .. } => offset,
        }
    }

    /// Returns the charset that the source appears to be in, if it differs from the declared one.
    #[must_use]
    pub fn looks_like(self) -> Option<&'static str> {
        match self {
            Self::Invalid { looks_like, .. } | Self::Nul { looks_like, .. } => looks_like,
            Self::Binary { .. } | Self::Escape { .. } | Self::Changed { .. } => None,
        }
    }

    /// Returns the fault with the charset that the source appears to be in.
    #[must_use]
    pub fn with_look(self, charset: Option<&'static str>) -> Self {
        let mut fault = self;
        match &mut fault {
            Self::Invalid { looks_like, .. } | Self::Nul { looks_like, .. } => {
                *looks_like = charset;
            }
            Self::Binary { .. } | Self::Escape { .. } | Self::Changed { .. } => {}
        }
        fault
    }
}

fn hint(looks_like: Option<&'static str>) -> String {
    looks_like.map_or_else(String::new, |charset| {
        format!("; the source looks like {charset}")
    })
}
