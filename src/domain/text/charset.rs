//! The charsets that a source may be in.
//!
//! Charsets are those of the WHATWG Encoding Standard, by `encoding_rs`. A checkpoint can stand
//! only where a decoder is in its initial state, which these are after every grapheme cluster;
//! ISO-2022-JP is not, and is refused, and so are the charsets that the standard does not decode.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A charset by its standard name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charset(&'static Encoding);

/// The charset is unknown, or cannot be resumed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "charset `{label}` is not supported: give a label of the WHATWG Encoding Standard, \
     such as utf-8, utf-16le, windows-1252, shift_jis or gb18030; iso-2022-jp, iso-2022-kr and hz-gb-2312 cannot be resumed"
)]
pub struct Unsupported {
    /// What was asked for.
    pub label: String,
}

impl Charset {
    /// UTF-8, the default.
    pub const UTF_8: Self = Self(UTF_8);
    /// UTF-16, little end first.
    pub const UTF_16LE: Self = Self(UTF_16LE);
    /// UTF-16, big end first.
    pub const UTF_16BE: Self = Self(UTF_16BE);

    /// The charset with this label, such as `latin1` or `UTF-8`.
    ///
    /// # Errors
    ///
    /// Fails for a label that the standard does not list, and for a charset with hidden state.
    pub fn from_label(label: &str) -> Result<Self, Unsupported> {
        let unsupported = || Unsupported {
            label: label.chars().take(64).collect(),
        };
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(unsupported)?;
        let has_state =
            encoding == encoding_rs::ISO_2022_JP || encoding == encoding_rs::REPLACEMENT;
        if has_state {
            Err(unsupported())
        } else {
            Ok(Self(encoding))
        }
    }

    /// The charset that `head`, the first bytes of a source, is most likely in: UTF-8 if it is
    /// valid, else what the detector of web browsers says.
    #[must_use]
    pub fn detect(head: &[u8], is_whole: bool) -> Self {
        let is_utf8 = match std::str::from_utf8(head) {
            Ok(_) => true,
            // A head may end within a character.
            Err(error) => !is_whole && error.error_len().is_none(),
        };
        if is_utf8 {
            return Self::UTF_8;
        }
        let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
        detector.feed(head, is_whole);
        Self(detector.guess(None, chardetng::Utf8Detection::Deny))
    }

    /// The charset's decoder, at a character's start; a byte order mark is not its business.
    #[must_use]
    pub fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }

    /// The charset's encoder; for UTF-16, which the standard does not encode, that of UTF-8.
    #[must_use]
    pub fn encoder(self) -> encoding_rs::Encoder {
        self.0.new_encoder()
    }

    /// The standard name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The byte order mark of this charset; empty if it has none.
    #[must_use]
    pub fn byte_order_mark(self) -> &'static [u8] {
        let marks: [(Self, &[u8]); 3] = [
            (Self::UTF_8, b"\xEF\xBB\xBF"),
            (Self::UTF_16LE, b"\xFF\xFE"),
            (Self::UTF_16BE, b"\xFE\xFF"),
        ];
        marks
            .into_iter()
            .find(|(charset, _)| *charset == self)
            .map_or(b"", |(_, mark)| mark)
    }
}
