//! Detects seven-bit charsets that switch between character sets, by their escape sequences.
//!
//! Their bytes are ASCII, so they would pass as ASCII text. ISO 2022 (ECMA-35) designates a set of characters by
//! ESC, intermediate bytes and a final byte. RFC 1468, 1554, 1557 and 1922 define the sets of the charsets. HZ (RFC
//! 1843) has GB 2312 between `~{` and `~}`, and UTF-7 (RFC 2152) has UTF-16 in Base64 after `+`.
//!
//! Terminals use ESC too: `ESC [` for colours, and `ESC ( B` or `ESC ( 0` for line drawing. These sequences are
//! text.

/// The number of bytes from an escape on that decide: the longest line of HZ, with a margin.
pub const ESCAPE_BYTES_MAX: usize = 128;

const ESC: u8 = 0x1B;

/// Whether an escape sequence may begin with this byte.
#[must_use]
pub fn may_begin(byte: u8) -> bool {
    matches!(byte, ESC | b'~' | b'+')
}

/// Returns the charset whose escape sequence `bytes` begin with. `before` is the byte before them; `None` means the
/// source's start. Only the first [`ESCAPE_BYTES_MAX`] bytes count; fewer bytes mean that the source ends there.
#[must_use]
pub fn charset_of(before: Option<u8>, bytes: &[u8]) -> Option<&'static str> {
    let bytes = &bytes[..bytes.len().min(ESCAPE_BYTES_MAX)];
    match bytes {
        [ESC, b'$', set @ ..] => of_many_bytes(set),
        // JIS X 0201: Roman letters, and katakana.
        [ESC, b'(', b'J' | b'I' | b'H', ..] => Some("ISO-2022-JP"),
        // Sets of 96 characters, which only compound text and ISO-2022-JP-2 use.
        [ESC, b'.', b'A' | b'F', ..] => Some("ISO-2022-JP-2"),
        [ESC, b'-' | b'/', 0x40..=0x7E, ..] => Some("ISO-2022"),
        [b'~', b'{', pairs @ ..] => is_hz(pairs).then_some("HZ"),
        // Within other Base64, `+` stands among letters.
        [b'+', base64 @ ..] if !before.is_some_and(is_base64) => {
            is_utf_7(base64).then_some("UTF-7")
        }
        _ => None,
    }
}

/// Returns the charset that designates a set of two-byte characters after `ESC $`.
fn of_many_bytes(set: &[u8]) -> Option<&'static str> {
    match set {
        [b'@' | b'B', ..] => Some("ISO-2022-JP"),
        [b'(', b'O' | b'P' | b'Q', ..] => Some("ISO-2022-JP-3"),
        [b'A', ..] | [b'(', 0x40..=0x7E, ..] => Some("ISO-2022-JP-2"),
        [b')', b'C', ..] => Some("ISO-2022-KR"),
        [b')', b'A' | b'G', ..] | [b'*', b'H', ..] => Some("ISO-2022-CN"),
        [b')', b'E', ..] | [b'*' | b'+', b'I'..=b'M', ..] => Some("ISO-2022-CN-EXT"),
        [b')' | b'*' | b'+' | b'-' | b'.' | b'/', 0x40..=0x7E, ..] => Some("ISO-2022"),
        _ => None,
    }
}

/// Whether the bytes after `~{` are GB 2312 up to `~}`, with ideographs as at least half of the characters.
fn is_hz(bytes: &[u8]) -> bool {
    let mut ideographs = 0_usize;
    let mut others = 0_usize;
    for pair in bytes.chunks(2) {
        match pair {
            b"~}" => return ideographs >= others.max(1),
            [0x30..=0x77, 0x21..=0x7E] => ideographs += 1,
            [0x21..=0x29, 0x21..=0x7E] => others += 1,
            // The line continues past the examined bytes, and these are enough to decide.
            [_] if bytes.len() + 2 == ESCAPE_BYTES_MAX => {}
            _ => return false,
        }
    }
    bytes.len() + 2 >= ESCAPE_BYTES_MAX && ideographs > others
}

/// The number of units of one script that prove UTF-7. Other texts contain them by chance once in millions.
const SCRIPT_UNITS_MIN: usize = 3;

/// The number of ideographs that prove UTF-7. They fill a third of all numbers, so more of them are needed.
const IDEOGRAPH_UNITS_MIN: usize = 12;

/// Whether a run of Base64 is UTF-16 of one script, in whole units, with zeros as the remaining bits.
fn is_utf_7(bytes: &[u8]) -> bool {
    let run = bytes.iter().take_while(|byte| is_base64(**byte)).count();
    // `=` pads other kinds of Base64.
    if bytes.get(run) == Some(&b'=') {
        return false;
    }
    let mut units = Vec::with_capacity(run);
    let mut bits = 0_u32;
    let mut held = 0_u32;
    for value in bytes[..run].iter().filter_map(|byte| value_of(*byte)) {
        held = (held << 6 | value) & 0x003F_FFFF;
        bits += 6;
        if bits >= 16 {
            bits -= 16;
            units.push(held >> bits & 0xFFFF);
        }
    }
    // The run may continue past the examined bytes.
    let is_whole = run == bytes.len() || (bits < 6 && held & ((1 << bits) - 1) == 0);
    let all_in = |from: u32, to: u32| units.iter().all(|unit| (from..=to).contains(unit));
    let is_one_script = units.first().is_some_and(|first| {
        let block = first & !0x7F;
        (0x80..0x1000).contains(&block) && all_in(block & !0xFF, block | 0xFF)
    });
    let is_kana = all_in(0x3000, 0x30FF);
    let is_han = |unit: &u32| matches!(unit, 0x3000..=0x9FFF | 0xFF00..=0xFFEF);
    let is_cjk = units.iter().all(is_han) || all_in(0xAC00, 0xD7A3);
    let are_enough = |least| units.len() >= least;
    is_whole
        && ((is_one_script || is_kana) && are_enough(SCRIPT_UNITS_MIN)
            || is_cjk && are_enough(IDEOGRAPH_UNITS_MIN))
}

fn is_base64(byte: u8) -> bool {
    value_of(byte).is_some()
}

/// Returns the six bits of a Base64 character.
fn value_of(byte: u8) -> Option<u32> {
    match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::charset_of;

    #[test]
    fn escapes_are_named() {
        let cases: [(&[u8], Option<&str>); 31] = [
            (b"\x1B$B$\"", Some("ISO-2022-JP")),
            (b"\x1B$@$\"", Some("ISO-2022-JP")),
            (b"\x1B(J", Some("ISO-2022-JP")),
            (b"\x1B(I1", Some("ISO-2022-JP")),
            (b"\x1B$A", Some("ISO-2022-JP-2")),
            (b"\x1B$(D", Some("ISO-2022-JP-2")),
            (b"\x1B.A\x1BNi", Some("ISO-2022-JP-2")),
            (b"\x1B$(Q", Some("ISO-2022-JP-3")),
            (b"\x1B$)C\n", Some("ISO-2022-KR")),
            (b"\x1B$)A\x0E", Some("ISO-2022-CN")),
            (b"\x1B$*H", Some("ISO-2022-CN")),
            (b"\x1B$+I", Some("ISO-2022-CN-EXT")),
            (b"\x1B-Fabc", Some("ISO-2022")),
            (b"~{VPND~}", Some("HZ")),
            (b"~{\x21\x23VPND~} and", Some("HZ")),
            (b"\x1B[31mred", None),
            (b"\x1B(B\x1B[m", None),
            (b"\x1B(0lqk", None),
            (b"\x1B", None),
            (b"~{", None),
            (b"=~{a}", None),
            (b"~{foo bar~}", None),
            (b"+MFMwkzBrMGEwbw- and", Some("UTF-7")),
            (b"+BB8EQAQ4BDIENQRC-", Some("UTF-7")),
            (
                b"+j3uPe3aEYhGNcE6G/wxrY1mCYhGPe497doRnZf8b\n",
                Some("UTF-7"),
            ),
            (b"+1-555-0100", None),
            (b"+49301234567", None),
            (b"+function_of_a_diff", None),
            (b"++i;", None),
            (b"+AOk-", None),
            (b"+dGhpcyBpcyBhIGxpbmUgb2YgQmFzZTY0IHRleHQ=", None),
        ];
        for (bytes, charset) in cases {
            assert_eq!(charset_of(None, bytes), charset, "{}", bytes.escape_ascii());
        }
    }
}
