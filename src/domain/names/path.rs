//! The path of a file below the import root, as a client writes it. No spelling of a path name leads outside the
//! root.
//!
//! A bad name is refused as a whole: nothing is decoded, stripped or repaired, so the checked name is the opened
//! name. A name is checked as it is and in its compatibility form (NFKC, UAX #15), because some systems take a
//! lookalike for a dot or a slash. A component that decodes the name first does no harm either: every percent
//! encoding, even a repeated one, contains `%` and two hexadecimal digits, and no name may contain those.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

use crate::domain::names::unseen::is_unseen;

/// The longest name in bytes: enough for nested folders, and a bound for the work of a check.
const BYTES_MAX: usize = 1_024;
/// The longest segment in bytes, as on most file systems.
const SEGMENT_BYTES_MAX: usize = 255;
/// The largest number of segments. Each is a folder that must be opened.
const SEGMENTS_MAX: usize = 32;

/// Characters that no name may contain. They separate drives, streams and parameters from paths, or folders on
/// Windows. The slash separates segments, so only its lookalikes are refused; dots are allowed in their places.
const REFUSED: [char; 3] = ['\\', ':', ';'];
/// Characters that no other character may look like.
const DISGUISED: [char; 5] = ['.', '/', '\\', ':', ';'];

/// Punctuation and symbols that look like a dot, a slash or a backslash, although their compatibility form does not
/// show it (Unicode confusables, UTS #39). Letters and digits that look like one are legitimate in their scripts.
const LOOKALIKES: [char; 30] = [
    // Dots. The first three separate the labels of domain names (UTS #46).
    '\u{3002}',
    '\u{FF61}',
    '\u{FE12}',
    '\u{0701}',
    '\u{0702}',
    '\u{A60E}',
    '\u{10A50}',
    '\u{1D16D}',
    // Slashes, including those that strike through the character before them.
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

/// Names of devices on Windows, with any extension. A digit follows the names in [`NUMBERED_DEVICES`].
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// The relative name of a file: 1 to 32 segments separated by `/`, at most 1,024 bytes. Only [`PathName::parse`]
/// creates it. A path name is compared and opened byte for byte. The name is in NFC, so that each name has one
/// spelling.
#[derive(Clone, Eq, PartialEq)]
pub struct PathName(String);

/// The error of a bad path name. It contains neither the input nor the cause, so that an attacker learns nothing by
/// guessing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a relative path of plain names parted by /")]
pub struct Error;

impl PathName {
    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Fails if any system could take the name for something other than the file of exactly that name below the
    /// root.
    pub fn parse(name: &str) -> Result<Self, Error> {
        // Checked first, so that the work below is bounded.
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

    /// Returns the folders from the root on, and the file last.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PathName {
    /// Omits the name, because debug output may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathName(_)")
    }
}

/// Whether no name may contain this character.
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

/// Whether the compatibility form of a segment is allowed. Neither `.` nor `..` is: both end with a dot.
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

/// Whether the name contains something that could be percent-decoded: `%2e`, or `%u002e` as some servers write it.
fn is_encoded(name: &str) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    name.split('%').skip(1).any(|rest| match rest.as_bytes() {
        [b'u' | b'U', first, ..] => is_hex(first),
        [first, second, ..] => is_hex(first) && is_hex(second),
        [] | [_] => false,
    })
}
