//! The separators of `recursive`, best level first.

use crate::domain::text::segmentation::separators::{Keep, Reading};

/// The most levels that a ladder may have. Each adds one search of a chunk's end.
pub const LEVELS_MAX: usize = 16;
/// The most separators that a level may have, for the same reason.
pub const SEPARATORS_MAX: usize = 32;
/// The longest separator, in bytes.
pub const SEPARATOR_BYTES_MAX: usize = 32;

/// Levels of separators. A level is used only if no place of the levels before it is suitable. Grapheme clusters
/// follow the last level.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeparatorLevels {
    /// Invariant: within the bounds above, and no separator is empty.
    levels: Vec<Vec<String>>,
    keep: Keep,
}

/// The ladder is out of bounds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The number of levels is 0 or too large.
    #[error("separators has {levels} levels, but must have from 1 to {LEVELS_MAX}")]
    Levels {
        /// The number of levels.
        levels: usize,
    },
    /// The number of separators in a level is 0 or too large.
    #[error(
        "separators has {separators} in level {level}, but must have from 1 to {SEPARATORS_MAX}"
    )]
    Separators {
        /// The number of separators.
        separators: usize,
        /// The level, from 0.
        level: usize,
    },
    /// A separator is empty or too long.
    #[error(
        "separators has one of {bytes} bytes in level {level}, but each must have from 1 to {SEPARATOR_BYTES_MAX}"
    )]
    Separator {
        /// The length of the separator.
        bytes: usize,
        /// The level, from 0.
        level: usize,
    },
}

/// A form feed ends a page.
const PAGES: &[&str] = &["\u{C}"];
const PARAGRAPHS: &[&str] = &["\n\n", "\u{2029}"];
/// A line feed also stands for CR LF and CR, here and in every separator.
const LINES: &[&str] = &["\n", "\u{85}", "\u{2028}"];
/// Quotes, brackets and reference marks after a mark stay with it.
const LATIN_SENTENCES: &[&str] = &[". ", "! ", "? ", "\u{2026} "];
const LATIN_CLAUSES: &[&str] = &["; ", ": ", ", "];
const CJK_SENTENCES: &[&str] = &["\u{3002}", "\u{FF01}", "\u{FF1F}", "\u{FF61}"];
const CJK_CLAUSES: &[&str] = &["\u{FF1B}", "\u{FF1A}", "\u{FF0C}", "\u{3001}"];
/// The marks that end sentences in scripts with their own marks: Devanagari and related scripts, Arabic, Urdu,
/// Ethiopic, Burmese, Khmer, Armenian, Tibetan.
const OTHER_SENTENCES: &[&str] = &[
    "\u{964}", "\u{965}", "\u{61F}", "\u{6D4}", "\u{1362}", "\u{104B}", "\u{17D4}", "\u{589}",
    "\u{F0D}",
];
const OTHER_CLAUSES: &[&str] = &["\u{60C}", "\u{61B}", "\u{1363}", "\u{104A}"];
/// Writers of Thai, Lao, Khmer and Burmese may put U+200B between words. A wrapped line ends between words.
const WORDS: &[&str] = &[" ", "\n", "\t", "\u{3000}", "\u{200B}"];

impl SeparatorLevels {
    /// Checks the levels against the bounds.
    ///
    /// # Errors
    ///
    /// Fails with the first bound that is broken.
    pub fn new(levels: Vec<Vec<String>>) -> Result<Self, Error> {
        if !(1..=LEVELS_MAX).contains(&levels.len()) {
            return Err(Error::Levels {
                levels: levels.len(),
            });
        }
        for (level, separators) in levels.iter().enumerate() {
            if !(1..=SEPARATORS_MAX).contains(&separators.len()) {
                return Err(Error::Separators {
                    separators: separators.len(),
                    level,
                });
            }
            let lengths = separators.iter().map(String::len);
            if let Some(bytes) = lengths
                .into_iter()
                .find(|n| !(1..=SEPARATOR_BYTES_MAX).contains(n))
            {
                return Err(Error::Separator { bytes, level });
            }
        }
        let keep = Keep::default();
        Ok(Self { levels, keep })
    }

    /// Returns the same levels, with their separators in the given chunk. Marks, line ends and spaces of the
    /// built-in ladders always stay in the chunk before.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Returns the chunk that the separators belong to.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Returns the reading of `level`, one of the levels: literal if any of its separators is not a built-in one.
    #[must_use]
    pub fn reading(&self, level: &[String]) -> Reading {
        const READ: [&[&str]; 10] = [
            PAGES,
            PARAGRAPHS,
            LINES,
            LATIN_SENTENCES,
            CJK_SENTENCES,
            OTHER_SENTENCES,
            LATIN_CLAUSES,
            CJK_CLAUSES,
            OTHER_CLAUSES,
            WORDS,
        ];
        let are_all = |sets: &[&[&str]]| {
            let mut separators = level.iter().map(String::as_str);
            separators.all(|separator| sets.iter().any(|set| set.contains(&separator)))
        };
        if are_all(&[LINES]) {
            Reading::Lines
        } else if are_all(&[PAGES, PARAGRAPHS]) {
            // No sentence continues past the end of a paragraph.
            Reading::Literal(self.keep)
        } else if are_all(&READ) {
            Reading::Words
        } else {
            Reading::Literal(self.keep)
        }
    }

    /// Returns pages, paragraphs, lines, sentences, clauses and words, for scripts that separate words.
    #[must_use]
    pub fn latin() -> Self {
        Self::of(&[
            &[PAGES],
            &[PARAGRAPHS],
            &[LINES],
            &[LATIN_SENTENCES],
            &[LATIN_CLAUSES],
            &[WORDS],
        ])
    }

    /// Returns the same levels for Chinese, Japanese and Korean.
    #[must_use]
    pub fn cjk() -> Self {
        Self::of(&[
            &[PAGES],
            &[PARAGRAPHS],
            &[LINES],
            &[CJK_SENTENCES],
            &[CJK_CLAUSES],
            &[WORDS],
        ])
    }

    /// Returns the same levels for all scripts together, which is the default.
    #[must_use]
    pub fn universal() -> Self {
        Self::of(&[
            &[PAGES],
            &[PARAGRAPHS],
            &[LINES],
            &[LATIN_SENTENCES, CJK_SENTENCES, OTHER_SENTENCES],
            &[LATIN_CLAUSES, CJK_CLAUSES, OTHER_CLAUSES],
            &[WORDS],
        ])
    }

    /// Returns the levels, best first.
    #[must_use]
    pub fn levels(&self) -> &[Vec<String>] {
        &self.levels
    }

    /// Returns the bytes of all separators, each with its tag and its length in a message.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let separators = self.levels.iter().flatten();
        separators.map(|separator| separator.len() + 2).sum()
    }

    fn of(levels: &[&[&[&str]]]) -> Self {
        let level = |sets: &&[&[&str]]| sets.concat().into_iter().map(str::to_owned).collect();
        Self {
            levels: levels.iter().map(level).collect(),
            keep: Keep::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SeparatorLevels;

    #[test]
    fn the_ladders_that_come_with_sluice_keep_the_bounds() {
        for ladder in [
            SeparatorLevels::latin(),
            SeparatorLevels::cjk(),
            SeparatorLevels::universal(),
        ] {
            assert_eq!(SeparatorLevels::new(ladder.levels().to_vec()), Ok(ladder));
        }
    }
}
