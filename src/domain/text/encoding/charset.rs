//! The charsets that a source may be in.
//!
//! Supports the charsets of the WHATWG Encoding Standard, by `encoding_rs`, and UTF-32. A checkpoint must lie where
//! a decoder is in its initial state. These decoders are in it after every grapheme cluster. ISO-2022-JP is not, so
//! it is rejected, and so are the charsets that the standard does not decode.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A charset by its standard name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charset(CharsetKind);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CharsetKind {
    /// One of the WHATWG Encoding Standard.
    Standard(&'static Encoding),
    Utf32Le,
    Utf32Be,
}

/// The charset is unknown, or cannot be resumed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsupported {
    /// The label names no charset.
    #[error(
        "charset `{label}` is not supported: give a label of the WHATWG Encoding Standard, such as \
         utf-8, utf-16le, windows-1252, shift_jis or gb18030, or utf-32, utf-32le or utf-32be"
    )]
    Unknown {
        /// The label, its first 64 characters.
        label: String,
    },
    /// The charset switches between character sets, so its decoder cannot be resumed.
    #[error(
        "charset `{label}` is not supported, because its escape sequences cannot be resumed: \
         convert the source to UTF-8 first, such as with `{} -f {label} -t UTF-8`",
        converter(label)
    )]
    Stateful {
        /// The label, its first 64 characters.
        label: String,
    },
}

/// The labels of UTF-32, which `encoding_rs` does not support.
const UTF_32_LABELS: [(&str, CharsetKind); 6] = [
    // Without a byte order mark, `utf-32` is little-endian, as `utf-16` is by the standard.
    ("utf-32", CharsetKind::Utf32Le),
    ("utf32", CharsetKind::Utf32Le),
    ("utf-32le", CharsetKind::Utf32Le),
    ("utf32le", CharsetKind::Utf32Le),
    ("utf-32be", CharsetKind::Utf32Be),
    ("utf32be", CharsetKind::Utf32Be),
];

/// Charsets that the standard does not decode because of their escape sequences, by the start of a label.
const STATEFUL_LABELS: [&str; 5] = ["iso-2022-", "csiso2022", "hz", "csiso58gb", "iso2022"];

/// Returns the command that converts from a charset: `iconv` of the GNU C library does not support HZ.
#[must_use]
pub fn converter(label: &str) -> &'static str {
    if label.to_ascii_lowercase().starts_with("hz") {
        "uconv"
    } else {
        "iconv"
    }
}

impl Charset {
    /// UTF-8, the default.
    pub const UTF_8: Self = Self(CharsetKind::Standard(UTF_8));
    /// UTF-16, little-endian.
    pub const UTF_16LE: Self = Self(CharsetKind::Standard(UTF_16LE));
    /// UTF-16, big-endian.
    pub const UTF_16BE: Self = Self(CharsetKind::Standard(UTF_16BE));
    /// UTF-32, little-endian.
    pub const UTF_32LE: Self = Self(CharsetKind::Utf32Le);
    /// UTF-32, big-endian.
    pub const UTF_32BE: Self = Self(CharsetKind::Utf32Be);

    /// The byte order marks. The mark of UTF-32LE begins with that of UTF-16LE, so it comes first: no text begins
    /// with a NUL character.
    const MARKS: [(Self, &'static [u8]); 5] = [
        (Self::UTF_8, b"\xEF\xBB\xBF"),
        (Self::UTF_32LE, b"\xFF\xFE\0\0"),
        (Self::UTF_32BE, b"\0\0\xFE\xFF"),
        (Self::UTF_16LE, b"\xFF\xFE"),
        (Self::UTF_16BE, b"\xFE\xFF"),
    ];

    /// The length of the longest byte order mark, in bytes.
    pub const MARK_BYTES_MAX: usize = 4;

    /// Returns the charset with this label, such as `latin1` or `UTF-8`.
    ///
    /// # Errors
    ///
    /// Fails for a label that names no charset, and for a charset with hidden state.
    pub fn from_label(label: &str) -> Result<Self, Unsupported> {
        let shown = || label.chars().take(64).collect::<String>();
        let plain = label.trim_ascii().to_ascii_lowercase();
        if let Some((_, kind)) = UTF_32_LABELS.iter().find(|(known, _)| *known == plain) {
            return Ok(Self(*kind));
        }
        let encoding = Encoding::for_label(plain.as_bytes());
        let is_decoded = |encoding: &&'static Encoding| {
            *encoding != encoding_rs::ISO_2022_JP && *encoding != encoding_rs::REPLACEMENT
        };
        if let Some(encoding) = encoding.filter(is_decoded) {
            return Ok(Self(CharsetKind::Standard(encoding)));
        }
        let is_stateful = STATEFUL_LABELS.iter().any(|start| plain.starts_with(start));
        if is_stateful {
            return Err(Unsupported::Stateful { label: shown() });
        }
        Err(Unsupported::Unknown { label: shown() })
    }

    /// Wraps an encoding of the standard.
    pub(crate) const fn standard(encoding: &'static Encoding) -> Self {
        Self(CharsetKind::Standard(encoding))
    }

    /// Returns the charset whose byte order mark `start` begins with.
    #[must_use]
    pub fn by_mark(start: &[u8]) -> Option<Self> {
        Self::MARKS
            .into_iter()
            .find(|(_, mark)| start.starts_with(mark))
            .map(|(charset, _)| charset)
    }

    /// Whether a unit has more than one byte, so that a byte order mark overrides a label.
    #[must_use]
    pub fn is_wide(self) -> bool {
        self.is_utf_32() || self == Self::UTF_16LE || self == Self::UTF_16BE
    }

    /// Whether the charset is UTF-32, of either byte order.
    #[must_use]
    pub fn is_utf_32(self) -> bool {
        matches!(self.0, CharsetKind::Utf32Le | CharsetKind::Utf32Be)
    }

    /// Returns a decoder that starts at a character's start; the caller handles the byte order mark. Returns `None`
    /// for UTF-32, which the standard does not have.
    #[must_use]
    pub fn decoder(self) -> Option<encoding_rs::Decoder> {
        match self.0 {
            CharsetKind::Standard(encoding) => Some(encoding.new_decoder_without_bom_handling()),
            CharsetKind::Utf32Le | CharsetKind::Utf32Be => None,
        }
    }

    /// Returns the encoder of a charset of the standard. For UTF-16, which the standard does not encode, it is that
    /// of UTF-8. Returns `None` for UTF-32.
    #[must_use]
    pub fn encoder(self) -> Option<encoding_rs::Encoder> {
        match self.0 {
            CharsetKind::Standard(encoding) => Some(encoding.new_encoder()),
            CharsetKind::Utf32Le | CharsetKind::Utf32Be => None,
        }
    }

    /// Returns the standard name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            CharsetKind::Standard(encoding) => encoding.name(),
            CharsetKind::Utf32Le => "UTF-32LE",
            CharsetKind::Utf32Be => "UTF-32BE",
        }
    }

    /// Returns the byte order mark of this charset; empty if it has none.
    #[must_use]
    pub fn byte_order_mark(self) -> &'static [u8] {
        Self::MARKS
            .into_iter()
            .find(|(charset, _)| *charset == self)
            .map_or(b"", |(_, mark)| mark)
    }
}
