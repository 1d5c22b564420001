//! Where a file is below the import root, as a client says it: a name that cannot lead anywhere else,
//! however it is spelled.
//!
//! What is refused is refused whole: nothing is decoded, stripped or mended, so that what was checked
//! is what is opened. A name is looked at in two forms, as it is and in its compatibility form (NFKC,
//! UAX #15), for what looks like a dot or a slash is one to somebody. That something else may decode
//! it first does no harm either: every percent encoding, however often it was encoded, has a `%`
//! followed by two hexadecimal digits on its outside, and no name may have that.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

use crate::domain::names::unseen::is_unseen;

/// The longest name: enough for folders in folders, and it bounds the work of a check.
const BYTES_MAX: usize = 1_024;
/// The longest segment: what most file systems take.
const SEGMENT_BYTES_MAX: usize = 255;
/// The most segments: each is a folder that has to be opened.
const SEGMENTS_MAX: usize = 32;

/// What no name may have anywhere: it parts drives, streams and parameters from paths, or folders on
/// Windows. A slash is what parts segments, so only others may not be taken for one; dots are honest in
/// their places.
const REFUSED: [char; 3] = ['\\', ':', ';'];
/// What no other character may be taken for.
const DISGUISED: [char; 5] = ['.', '/', '\\', ':', ';'];

/// Punctuation and symbols that look like a dot, a slash or a backslash, and whose compatibility form
/// does not show it (Unicode confusables, UTS #39). Letters and digits that happen to look like one are
/// honest in their scripts.
const LOOKALIKES: [char; 30] = [
    // Dots; the first three part the labels of domain names (UTS #46).
    '\u{3002}',
    '\u{FF61}',
    '\u{FE12}',
    '\u{0701}',
    '\u{0702}',
    '\u{A60E}',
    '\u{10A50}',
    '\u{1D16D}',
    // Slashes, also those that are struck through what is before them.
    '\u{2044}',
    '\u{2215}',
    '\u{29F8}',
    '\u{27CB}',
    '\u{2571}',
    '\u{1735}',
    '\u{2041}',
    '\u{31D3}',
    '\u{3033}',
    '\u{2AFB}',
    '\u{2AFD}',
    '\u{1D23A}',
    '\u{0337}',
    '\u{0338}',
    '\u{20EB}',
    // Backslashes.
    '\u{29F5}',
    '\u{29F9}',
    '\u{2216}',
    '\u{27CD}',
    '\u{2572}',
    '\u{31D4}',
    '\u{20E5}',
];

/// Names of devices on Windows, whatever comes after a dot; a digit may follow the last two.
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// A relative name of a file: 1 to 32 segments parted by `/`, at most 1,024 bytes. Only
/// [`PathName::parse`] makes one. It is compared and opened as it is, byte for byte; it is in NFC, so
/// that there is one way to write it.
#[derive(Clone, Eq, PartialEq)]
pub struct PathName(String);

/// Not a path name. It says neither the input nor what is wrong with it: who guesses learns nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a relative path of plain names parted by /")]
pub struct Error;

impl PathName {
    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Fails if it is anything that some system may take for something else than the file of that very
    /// name below the root.
    pub fn parse(name: &str) -> Result<Self, Error> {
        // First, so that all that follows is short.
        if name.len() > BYTES_MAX || name.chars().any(is_refused) {
            return Err(Error);
        }
        let shown = name.nfkc().collect::<String>();
        let is_name = name.split('/').count() <= SEGMENTS_MAX
            && name.split('/').all(is_segment)
            && shown.split('/').all(is_segment_shown)
            && !is_encoded(&shown)
            && name.nfc().eq(name.chars());
        if is_name {
            Ok(Self(name.to_owned()))
        } else {
            Err(Error)
        }
    }

    /// The folders from the root on, and last the file.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PathName {
    /// Without the name: what is debugged may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathName(_)")
    }
}

/// Whether no name may have this character.
fn is_refused(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control() || REFUSED.contains(&character);
    }
    let mut is_disguise = false;
    decompose_compatible(character, |shown| is_disguise |= DISGUISED.contains(&shown));
    is_disguise || character.is_control() || LOOKALIKES.contains(&character) || is_unseen(character)
}

fn is_segment(segment: &str) -> bool {
    (1..=SEGMENT_BYTES_MAX).contains(&segment.len())
}

/// What holds for the compatibility form of a segment. Neither `.` nor `..` is one: both end with a
/// dot.
fn is_segment_shown(segment: &str) -> bool {
    segment.trim() == segment
        && !segment.ends_with('.')
        && !segment.starts_with('~')
        && !is_device(segment)
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end();
    let is_numbered = |device: &&str| {
        let (head, number) = stem.split_at_checked(device.len()).unwrap_or_default();
        let is_digit = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
        is_digit && head.eq_ignore_ascii_case(device)
    };
    DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
        || NUMBERED_DEVICES.iter().any(is_numbered)
}

/// Whether something in it could be percent-decoded: `%2e`, and `%u002e` as some servers write it.
fn is_encoded(name: &str) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    name.split('%').skip(1).any(|rest| match rest.as_bytes() {
        [b'u' | b'U', first, ..] => is_hex(first),
        [first, second, ..] => is_hex(first) && is_hex(second),
        [] | [_] => false,
    })
}
