//! Rare characters that a text may have.
//!
//! Finders skip the search for characters that a text lacks. A feature may be set although the text lacks it: that costs
//! a search and changes no result.

use std::ops::BitOrAssign;

/// A form feed, which ends a page.
const PAGE: u8 = 0xC;
/// NEL, and the line and the paragraph separator.
const WIDE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
/// The first bytes of these characters. Few other characters begin with them, so one search for both bytes takes less
/// time than a search for each character.
const WIDE_BREAK_STARTS: [u8; 2] = [0xC2, 0xE2];

/// The features of a text. All are false for ASCII with LF line ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Features {
    /// Whether it may have characters beyond ASCII.
    pub has_wide: bool,
    /// Whether it may have carriage returns, form feeds or NUL.
    pub has_controls: bool,
    /// Whether it may have NEL, U+2028 or U+2029.
    pub has_wide_breaks: bool,
}

impl Features {
    /// Returns the features of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let has_wide = !text.is_ascii();
        let [first, second] = WIDE_BREAK_STARTS;
        let mut starts = memchr::memchr2_iter(first, second, bytes);
        let mut has_break = || starts.any(|at| text[at..].starts_with(WIDE_BREAKS));
        Self {
            has_wide,
            has_controls: memchr::memchr3(b'\r', PAGE, 0, bytes).is_some(),
            has_wide_breaks: has_wide && has_break(),
        }
    }

    /// Returns the features of a text of one character.
    #[must_use]
    pub fn of_character(character: char) -> Self {
        Self {
            has_wide: !character.is_ascii(),
            has_controls: ['\r', char::from(PAGE), '\0'].contains(&character),
            has_wide_breaks: WIDE_BREAKS.contains(&character),
        }
    }
}

impl BitOrAssign for Features {
    fn bitor_assign(&mut self, other: Self) {
        self.has_wide |= other.has_wide;
        self.has_controls |= other.has_controls;
        self.has_wide_breaks |= other.has_wide_breaks;
    }
}

#[cfg(test)]
mod tests {
    use super::Features;

    #[test]
    fn each_feature_is_seen_wherever_it_stands() {
        let cases = [
            ("\r", (false, true, false)),
            ("\u{C}", (false, true, false)),
            ("\u{E9}", (true, false, false)),
            ("\u{85}", (true, false, true)),
            ("\u{2028}", (true, false, true)),
            ("\u{2029}", (true, false, true)),
            // Neighbours of all of them.
            ("\u{B}\u{A0}\u{2027}\u{202A}\u{2019}", (true, false, false)),
        ];
        for (feature, (has_wide, has_controls, has_wide_breaks)) in cases {
            let expected = Features {
                has_wide,
                has_controls,
                has_wide_breaks,
            };
            for before in 0..70 {
                let text = format!("{}{feature}{}", "a\n".repeat(before), "b".repeat(before));
                assert_eq!(Features::of(&text), expected, "{feature:?} {before}");
                let mut of_each = Features::default();
                text.chars()
                    .for_each(|one| of_each |= Features::of_character(one));
                assert_eq!(of_each, expected, "{feature:?}");
            }
        }
        assert_eq!(Features::of("plain\n"), Features::default());
    }
}
