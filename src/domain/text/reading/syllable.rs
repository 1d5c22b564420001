//! Orthographic syllables of Thai, Lao, Khmer and Burmese, where grapheme clusters split them.
//!
//! UAX #29 leaves two things to tailoring: vowels that stand before or after their consonant, and consonants that
//! close a syllable. These need no dictionary.

/// Whether a cut at `place` would separate a base from its vowel signs.
#[must_use]
pub fn tears(text: &str, place: usize) -> bool {
    // All of these characters have three bytes, the first of which is 0xE0, 0xE1 or 0xEA.
    let bytes = text.as_bytes();
    let is_near = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|byte| matches!(byte, 0xE0 | 0xE1 | 0xEA))
    };
    if !is_near(place) || place < 3 || !is_near(place - 3) {
        return false;
    }
    let mut after = text[place..].chars();
    let (Some(before), Some(first)) = (text[..place].chars().next_back(), after.next()) else {
        return false;
    };
    if before.is_whitespace() {
        return false;
    }
    is_leading_vowel(before) && is_consonant(first)
        || is_joiner(before)
        || is_following_vowel(first) && !is_following_vowel(before)
        || is_doubled(before, first)
        || closes_syllable(first, after.next())
}

/// Whether a character is a vowel of Thai, Lao or New Tai Lue that is written before its consonant and spoken after
/// it.
fn is_leading_vowel(character: char) -> bool {
    matches!(character, '\u{E40}'..='\u{E44}' | '\u{EC0}'..='\u{EC4}' | '\u{AAB5}' | '\u{AAB6}' | '\u{AAB9}' | '\u{AABB}' | '\u{AABC}')
}

fn is_consonant(character: char) -> bool {
    matches!(character, '\u{E01}'..='\u{E2E}' | '\u{E81}'..='\u{EAE}' | '\u{EDC}'..='\u{EDF}' | '\u{AA80}'..='\u{AAAF}')
}

/// Whether a character is a vowel or mark that follows its consonant and is not part of its cluster.
fn is_following_vowel(character: char) -> bool {
    matches!(
        character,
        '\u{E2F}' | '\u{E30}' | '\u{E32}' | '\u{E33}' | '\u{E45}' | '\u{E46}'
            | '\u{EB0}' | '\u{EB2}' | '\u{EB3}' | '\u{EBD}' | '\u{EC6}'
            | '\u{102B}' | '\u{102C}' | '\u{1038}' | '\u{1062}'..='\u{1064}' | '\u{1067}'..='\u{106D}' | '\u{1083}'
            | '\u{1087}'..='\u{108C}' | '\u{108F}' | '\u{109A}'..='\u{109C}' | '\u{17D7}'
            | '\u{1A61}' | '\u{1A63}' | '\u{1A64}' | '\u{AA7B}' | '\u{AA7D}'
    )
}

/// Whether a second vowel follows a following vowel: เกาะ, Burmese ား.
fn is_doubled(before: char, first: char) -> bool {
    matches!(
        (before, first),
        ('\u{E32}', '\u{E30}') | ('\u{EB2}', '\u{EB0}') | ('\u{102B}' | '\u{102C}', '\u{1038}')
    )
}

/// Whether a sign puts the next consonant below the one before.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{17D2}' | '\u{1039}' | '\u{1A60}')
}

/// Whether a Burmese consonant ends the syllable before it: with the sign that removes its vowel, or with another
/// consonant below it.
fn closes_syllable(first: char, second: Option<char>) -> bool {
    ('\u{1000}'..='\u{1021}').contains(&first) && matches!(second, Some('\u{103A}' | '\u{1039}'))
}

#[cfg(test)]
mod tests {
    use super::tears;

    fn parts(text: &str) -> Vec<&str> {
        let mut starts = text
            .char_indices()
            .map(|(at, _)| at)
            .filter(|at| !tears(text, *at))
            .collect::<Vec<_>>();
        starts.push(text.len());
        starts
            .windows(2)
            .map(|pair| &text[pair[0]..pair[1]])
            .collect()
    }

    #[test]
    fn a_base_keeps_its_vowels() {
        assert_eq!(
            parts("\u{E40}\u{E01}\u{E32}\u{E30}"),
            ["\u{E40}\u{E01}\u{E32}\u{E30}"]
        );
        assert_eq!(
            parts("\u{E44}\u{E17}\u{E22}"),
            ["\u{E44}\u{E17}", "\u{E22}"]
        );
        assert_eq!(parts("\u{EC0}\u{EA1}\u{EB2}"), ["\u{EC0}\u{EA1}\u{EB2}"]);
        assert_eq!(
            parts("\u{1000}\u{102C}\u{1038}\u{1000}"),
            ["\u{1000}\u{102C}\u{1038}", "\u{1000}"]
        );
    }
}
