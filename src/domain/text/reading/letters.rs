//! Words and letters, as the lists and the scripts need them.

/// The longest word in a list, in bytes.
pub const WORD_BYTES_MAX: usize = 24;

/// Whether a list that is sorted by bytes has `word`.
#[must_use]
pub fn has(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Returns `word` in lower case, or `None` if it is too long for any list.
#[must_use]
pub fn small<'a>(word: &str, buffer: &'a mut [u8; WORD_BYTES_MAX]) -> Option<&'a str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    if word.is_ascii() {
        let small = &mut buffer[..word.len()];
        small.copy_from_slice(word.as_bytes());
        small.make_ascii_lowercase();
        return std::str::from_utf8(small).ok();
    }
    let mut length = 0;
    for character in word.chars().flat_map(char::to_lowercase) {
        let end = length + character.len_utf8();
        character.encode_utf8(buffer.get_mut(length..end)?);
        length = end;
    }
    std::str::from_utf8(&buffer[..length]).ok()
}

/// Whether a word is a Roman numeral in capitals.
#[must_use]
pub fn is_roman(word: &str) -> bool {
    (1..=6).contains(&word.len()) && word.bytes().all(|byte| b"IVXLCDM".contains(&byte))
}

/// Whether a character is of a script without spaces between words: Han, kana, Bopomofo, Yi.
#[must_use]
pub fn is_ideographic(character: char) -> bool {
    matches!(
        character,
        '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{312F}'
            | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{A4CF}'
            | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFD}'
    )
}
