//! Characters that are invisible, or that only stand for others.

/// Zero-width and bidirectional marks, fillers, selectors, tags (`Default_Ignorable_Code_Point` of the
/// Unicode Character Database), line and paragraph separators, and replacement characters.
const UNSEEN: [(char, char); 18] = [
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFF}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Whether two names that differ only in this character look the same.
pub(crate) fn is_unseen(character: char) -> bool {
    UNSEEN
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&character))
}
