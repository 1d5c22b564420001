//! Finds the character that has the most tokens alone.

/// Characters beyond the basic plane that a normalizer makes longer: musical symbols, enclosed letters, and those for
/// compatibility (UAX #15). All others beyond it are tokenized byte by byte at worst, as the first of these are.
const LONGER: [std::ops::RangeInclusive<char>; 4] = [
    '\u{1D100}'..='\u{1D1FF}',
    '\u{1F100}'..='\u{1F2FF}',
    '\u{2F800}'..='\u{2FA1F}',
    '\u{10FFF0}'..='\u{10FFFF}',
];

/// Returns the most tokens of one character.
pub(super) fn tokens_max(count: impl Fn(&str) -> usize) -> usize {
    let basic = '\0'..='\u{FFFF}';
    let characters = std::iter::once(basic).chain(LONGER).flatten();
    let mut buffer = [0; 4];
    let counts = characters.map(|character| count(character.encode_utf8(&mut buffer)));
    counts.max().unwrap_or(1)
}
