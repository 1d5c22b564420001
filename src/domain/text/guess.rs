//! The charset of text that is not ASCII, and neither UTF-16 nor UTF-32.
//!
//! UTF-8 shows by its rules: text in another charset hardly ever keeps them. A source may have
//! faults all the same, so the characters that keep the rules are counted against the faults.
//! Everything else is the guess of `chardetng`, the detector of web browsers. That drops a charset of
//! two bytes a character at its first fault, so such charsets are looked for in parts of the text
//! too.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use crate::domain::text::charset::Charset;
use crate::domain::text::utf8::{self, Count};

/// Bytes are UTF-8 with faults if it has so many characters outside ASCII for each fault, whatever the
/// detector says. Text in other charsets has at most 0.4, and lines of a few letters hardly ever 4.
const CHARACTERS_PER_FAULT: usize = 4;

/// How long a part is, which ends with a line: enough letters for a guess, and few enough faults.
const PART_BYTES: usize = 512;

/// A few parts may be guessed wrong.
const PARTS_MIN: usize = 4;

/// The charset of `window`: bytes of the source around the first one that is not ASCII.
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
    // The rules of a charset of two bytes a character are strict too. Those of one byte take any
    // bytes, so UTF-8 needs less to be likelier.
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

/// The charset of two bytes a character that three of four parts are in, which have other than ASCII.
fn of_most_parts(window: &[u8]) -> Option<&'static Encoding> {
    let (mut rest, mut guesses) = (window, Vec::new());
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
    // What three of four are, one of the first quarter and one more is.
    let candidates = guesses.iter().copied().take(guesses.len() / 4 + 1);
    let found = candidates.into_iter().find(is_in_most);
    found.filter(|_| guesses.len() >= PARTS_MIN)
}
