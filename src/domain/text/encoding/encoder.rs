//! Encodes text to the bytes of a charset: the source that the decoder read, if it read no fault.

use std::borrow::Cow;

use encoding_rs::EncoderResult;

use crate::domain::text::encoding::charset::Charset;

/// Returns the text in a charset, without a byte order mark. Returns `None` if the charset lacks a character.
///
/// ```
/// use sluice::domain::text::encoding::charset::Charset;
/// use sluice::domain::text::encoding::encoder::encode;
///
/// let latin = Charset::from_label("windows-1252").unwrap();
/// assert_eq!(encode(latin, "é").as_deref(), Some(b"\xE9".as_slice()));
/// assert_eq!(encode(latin, "\u{6C34}"), None);
/// ```
#[must_use]
pub fn encode(charset: Charset, text: &str) -> Option<Cow<'_, [u8]>> {
    if charset == Charset::UTF_8 {
        Some(Cow::Borrowed(text.as_bytes()))
    } else if charset == Charset::UTF_16LE {
        Some(Cow::Owned(utf_16(text, u16::to_le_bytes)))
    } else if charset == Charset::UTF_16BE {
        Some(Cow::Owned(utf_16(text, u16::to_be_bytes)))
    } else if charset == Charset::UTF_32LE {
        Some(Cow::Owned(utf_32(text, u32::to_le_bytes)))
    } else if charset == Charset::UTF_32BE {
        Some(Cow::Owned(utf_32(text, u32::to_be_bytes)))
    } else {
        legacy(charset, text).map(Cow::Owned)
    }
}

/// Encodes UTF-16 (RFC 2781), which `encoding_rs` does not encode.
fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Encodes UTF-32, which `encoding_rs` does not support.
fn utf_32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|one| bytes(one.into())).collect()
}

fn legacy(charset: Charset, text: &str) -> Option<Vec<u8>> {
    let mut encoder = charset.encoder()?;
    // This length is enough for any text, and does not overflow for a text in memory.
    let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
    let mut bytes = Vec::with_capacity(room);
    let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
    match result {
        EncoderResult::InputEmpty => Some(bytes),
        EncoderResult::OutputFull | EncoderResult::Unmappable(_) => None,
    }
}
