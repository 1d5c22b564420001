//! Guesses the charset of text that is not ASCII, UTF-16 or UTF-32.
//!
//! UTF-8 is recognised by its rules, which text in another charset rarely satisfies. UTF-8 sources may have faults
//! too, so the valid characters are counted against the faults. Everything else is the guess of `chardetng`, the
//! detector of web browsers. The detector drops a two-byte charset at its first fault, so such charsets are also
//! searched for in parts of the text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::utf8::{self, Count};

/// Bytes are UTF-8 if they have at least this many characters outside ASCII for each fault, regardless of the
/// detector. Text in other charsets has at most 0.4, and lines of a few letters rarely 4.
const CHARACTERS_PER_FAULT: usize = 4;

/// The size of a part in bytes, which extends to the end of its line. It has enough letters for a guess, and few
/// faults.
const PART_BYTES: usize = 512;

/// The fewest parts that decide: some may be guessed wrong.
const PARTS_MIN: usize = 4;

/// Returns the charset of `window`, the bytes of the source around the first one that is not ASCII.
#[must_use]
pub fn charset_of(window: &[u8], is_whole: bool) -> Charset {
    let Count { characters, faults } = utf8::count(window, is_whole);
    if characters >= CHARACTERS_PER_FAULT * faults {
        return Charset::UTF_8;
    }
    let guess = guess(window, is_whole);
    if !guess.is_single_byte() && is_without_fault(guess, window) {
        return Charset::standard(guess);
    }
    // The rules of two-byte charsets are strict too. One-byte charsets accept any bytes, so UTF-8 needs less
    // evidence against them.
    if characters >= faults {
        return Charset::UTF_8;
    }
    Charset::standard(of_most_parts(window).unwrap_or(guess))
}

/// Whether the whole lines of `window` decode. The last line may be cut off.
fn is_without_fault(encoding: &'static Encoding, window: &[u8]) -> bool {
    let end = memchr::memrchr(b'\n', window).unwrap_or(window.len());
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(&window[..end]);
    decoded.is_some()
}

fn guess(bytes: &[u8], is_whole: bool) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, is_whole);
    detector.guess(None, Utf8Detection::Deny)
}

/// Returns the two-byte charset of at least three quarters of the parts that are not ASCII.
fn of_most_parts(window: &[u8]) -> Option<&'static Encoding> {
    let mut rest = window;
    let mut guesses = Vec::new();
    while !rest.is_empty() {
        let least = rest.len().min(PART_BYTES);
        let line_end = memchr::memchr(b'\n', &rest[least..]);
        let end = line_end.map_or(rest.len(), |at| least + at + 1);
        let (part, others) = rest.split_at(end);
        if !part.is_ascii() {
            guesses.push(guess(part, false));
        }
        rest = others;
    }
    let is_in_most = |encoding: &&'static Encoding| {
        let parts = guesses.iter().filter(|guess| *guess == encoding).count();
        !encoding.is_single_byte() && parts * 4 >= guesses.len() * 3
    };
    // A charset of three quarters of the parts occurs among the first quarter and one more part.
    let candidates = guesses.iter().copied().take(guesses.len() / 4 + 1);
    let found = candidates.into_iter().find(is_in_most);
    found.filter(|_| guesses.len() >= PARTS_MIN)
}
