//! Detects UTF-16 and UTF-32 without a byte order mark by the source's first bytes.
//!
//! UTF-32 is recognised by its zeros, because the number of a character has at most three bytes. UTF-16 is
//! recognised by its zeros wherever it has ASCII or Latin letters. Other scripts in UTF-16 are recognised by
//! comparing the two byte orders with eight-bit text. In one order nearly all units are characters that texts use,
//! while as eight-bit text the bytes contain many control characters.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::utf8;
use crate::domain::text::encoding::utf32::{self, UNIT_BYTES};

/// The units of UTF-32 or UTF-16 for each unit that may be no character, because a source may have faults.
const UNITS_PER_FAULT: usize = 16;

/// Fewer zeros may be a coincidence, such as the terminator of a C string.
const ZEROS_MIN: usize = 2;

/// The most units for each zero that shows ASCII or Latin letters in UTF-16.
const UNITS_PER_ZERO: usize = 4;

/// The zeros for each zero that may be in the other half of its unit, as in U+0100 and U+4E00.
const ZEROS_PER_OTHER: usize = 8;

/// Eight-bit text has no control characters. UTF-16 of any script has at least one in about 16 bytes, by statistics
/// or by its spaces and line ends. Short texts have fewer.
const BYTES_PER_CONTROL: usize = 64;

/// ASCII text has two printable bytes in nearly every unit. Ideographs have them in one of four or five units, and
/// scripts of letters in fewer. Kana do not count, because they consist of a zero and a letter.
const UNITS_PER_PRINTABLE: usize = 3;

/// The statistics of the bytes as UTF-16 of one byte order.
#[derive(Clone, Copy, Debug, Default)]
struct Utf16Statistics {
    /// The number of characters that texts use.
    plausible: usize,
    /// The number of hiragana, katakana and CJK punctuation marks.
    kana: usize,
    /// The number of units whose more significant byte alone is zero.
    zeros: usize,
    /// The number of units of two printable ASCII characters, kana excepted.
    printable: usize,
}

/// Returns the charset of a source that begins with `start` and has no byte order mark. Returns `None` if the source
/// is neither UTF-16 nor UTF-32.
#[must_use]
pub fn detect(start: &[u8]) -> Option<Charset> {
    let utf_32 = [Charset::UTF_32LE, Charset::UTF_32BE];
    if let Some(charset) = utf_32
        .into_iter()
        .find(|charset| is_utf_32(*charset, start))
    {
        return Some(charset);
    }
    let little = Utf16Statistics::of(start, u16::from_le_bytes);
    let big = Utf16Statistics::of(start, u16::from_be_bytes);
    let (charset, reading, other) = if little.rank() > big.rank() {
        (Charset::UTF_16LE, little, big)
    } else {
        (Charset::UTF_16BE, big, little)
    };
    let units = start.len() / 2;
    let is_plausible = units - reading.plausible <= units / UNITS_PER_FAULT;
    if units < 2 || !is_plausible || reading.printable * UNITS_PER_PRINTABLE > units {
        return None;
    }
    let shows_zeros = reading.zeros >= ZEROS_MIN
        && reading.zeros * UNITS_PER_ZERO >= units
        && other.zeros * ZEROS_PER_OTHER <= reading.zeros;
    if shows_zeros {
        return Some(charset);
    }
    let utf_8 = utf8::count(start, false);
    if utf_8.characters > utf_8.faults {
        return None;
    }
    let controls = start.iter().filter(|byte| is_control(**byte)).count();
    let is_no_eight_bit_text = controls * BYTES_PER_CONTROL >= start.len() && controls > 0;
    (is_no_eight_bit_text || reading.kana * 2 >= units).then_some(charset)
}

/// Whether nearly all units are characters.
fn is_utf_32(charset: Charset, start: &[u8]) -> bool {
    let (units, _) = start.as_chunks::<UNIT_BYTES>();
    let is_character = |bytes: &&[u8; UNIT_BYTES]| {
        let character = char::from_u32(utf32::unit(charset, **bytes));
        character.is_some_and(|character| character != '\0')
    };
    let characters = units.iter().filter(is_character).count();
    characters >= 2 && units.len() - characters <= units.len() / UNITS_PER_FAULT
}

impl Utf16Statistics {
    fn of(start: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let mut reading = Self::default();
        let (units, _) = start.as_chunks::<2>();
        let mut high_before = false;
        for unit in units.iter().map(|bytes| unit(*bytes)) {
            let is_pair = high_before && (0xDC00..0xE000).contains(&unit);
            high_before = (0xD800..0xDC00).contains(&unit);
            // Both halves of a complete pair count.
            let is_plausible = is_in_texts(unit) && !is_ascii_of_other_order(unit);
            reading.plausible += usize::from(is_plausible) + 2 * usize::from(is_pair);
            let is_kana = (0x3000..0x3100).contains(&unit);
            let is_printable = unit
                .to_le_bytes()
                .iter()
                .all(|byte| matches!(byte, 0x20..=0x7E));
            reading.kana += usize::from(is_kana);
            reading.printable += usize::from(is_printable && !is_kana);
            reading.zeros += usize::from((1..0x100).contains(&unit));
        }
        reading
    }

    /// Ranks a byte order. The right one has more characters that texts use; between equal ones, it has more zeros.
    fn rank(self) -> (usize, usize) {
        (self.plausible, self.zeros)
    }
}

/// Whether a unit is ASCII in the other byte order, and not a frequent character in this one, as the ideographic
/// space and the numeral one are.
fn is_ascii_of_other_order(unit: u16) -> bool {
    let [low, high] = unit.to_le_bytes();
    low == 0 && high.is_ascii() && ![0x3000, 0x4E00].contains(&unit)
}

/// Whether no eight-bit text has the byte, NUL included. ESC may occur in texts.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}

/// Whether a unit of UTF-16 is a character of a script in use, a symbol or a line end. Control characters, private
/// use and blocks of scripts that only scholars write are excluded.
fn is_in_texts(unit: u16) -> bool {
    matches!(unit,
        0x09 | 0x0A | 0x0C | 0x0D | 0x1B | 0x20..=0x007E
        | 0xA0..=0x058F // Latin, Greek, Cyrillic, Armenian
        | 0x0591..=0x06FF | 0x0750..=0x077F // Hebrew, Arabic
        | 0x0900..=0x0DFF // India
        | 0x0E01..=0x0FFF // Thai, Lao, Tibetan
        | 0x1000..=0x137F // Myanmar, Georgian, Ethiopic
        | 0x1780..=0x17FF // Khmer
        | 0x1E00..=0x1FFF // More Latin and Greek
        | 0x200B..=0x206F | 0x2070..=0x20BF // Punctuation, currencies
        | 0x2100..=0x23FF | 0x2460..=0x27BF // Signs, lines, symbols
        | 0x3000..=0x33FF // CJK punctuation, kana, bopomofo
        | 0x4E00..=0x9FFF // Ideographs
        | 0xAC00..=0xD7A3 // Hangul
        | 0xFE30..=0xFE4F | 0xFEFF..=0xFFEF // Forms
    )
}

#[cfg(test)]
mod tests {
    use super::detect;
    use crate::domain::text::encoding::charset::Charset;

    #[track_caller]
    fn check(source: &[u8], charset: Option<Charset>) {
        assert_eq!(detect(source), charset, "{}", source.escape_ascii());
    }

    #[test]
    fn zeros_show_utf_16_and_utf_32() {
        for text in ["hi", "a caf\u{E9}\r\n", "Zażółć gęślą jaźń", "1,5 \u{20AC}"] {
            let utf_16 = || text.encode_utf16();
            let utf_32 = || text.chars().map(u32::from);
            let little = utf_16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
            check(&little, Some(Charset::UTF_16LE));
            let big = utf_16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
            check(&big, Some(Charset::UTF_16BE));
            let little = utf_32().flat_map(u32::to_le_bytes).collect::<Vec<_>>();
            check(&little, Some(Charset::UTF_32LE));
            let big = utf_32().flat_map(u32::to_be_bytes).collect::<Vec<_>>();
            check(&big, Some(Charset::UTF_32BE));
        }
    }

    #[test]
    fn other_bytes_show_neither() {
        let cases: [&[u8]; 14] = [
            b"",
            b"a",
            b"a\0b",
            b"hello\0",
            b"hello\0world\0",
            b"abc\0def\0ghi\0",
            b"ab\0cd\0ef\0",
            b"one line of text\n\0and one more, with a NUL before it\n",
            b"\0\0\0\0\0\0\0\0",
            b"Bush hid the facts",
            b"th\xE9 fa\xE7ts",
            "Привет\0мир".as_bytes(),
            "\u{6C34}\u{9580}\0\u{6C34}".as_bytes(),
            b"\xB0\xA1\xB3\xAA\xB4\xD9\xB6\xF3\xB8\xB6\xB9\xD9",
        ];
        for source in cases {
            check(source, None);
        }
    }
}
