//! The separators of `recursive`, best level first.

use crate::domain::text::separators::{Keep, Reading};

/// The most levels that a ladder may have; each is one more search of a chunk's end.
pub const LEVELS_MAX: usize = 16;
/// The most separators that a level may have, for the same reason.
pub const SEPARATORS_MAX: usize = 32;
/// The longest separator, in bytes.
pub const SEPARATOR_BYTES_MAX: usize = 32;

/// Levels of separators. Cutting falls to the next level only where no place of this one will do.
/// Below the last level it is grapheme clusters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeparatorLevels {
    /// Invariant: within the bounds above, and no separator is empty.
    levels: Vec<Vec<String>>,
    keep: Keep,
}

/// The ladder is out of bounds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// No levels, or too many.
    #[error("separators has {levels} levels, but must have from 1 to {LEVELS_MAX}")]
    Levels {
        /// How many were given.
        levels: usize,
    },
    /// A level with no separators, or too many.
    #[error(
        "separators has {separators} in level {level}, but must have from 1 to {SEPARATORS_MAX}"
    )]
    Separators {
        /// How many were given.
        separators: usize,
        /// In which level, from 0.
        level: usize,
    },
    /// A separator of no bytes, or too many.
    #[error(
        "separators has one of {bytes} bytes in level {level}, but each must have from 1 to {SEPARATOR_BYTES_MAX}"
    )]
    Separator {
        /// Its length.
        bytes: usize,
        /// In which level, from 0.
        level: usize,
    },
}

/// A form feed ends a page.
const PAGES: &[&str] = &["\u{C}"];
const PARAGRAPHS: &[&str] = &["\n\n", "\u{2029}"];
/// A line feed stands for CR LF and for CR too, here and in every separator.
const LINES: &[&str] = &["\n", "\u{85}", "\u{2028}"];
/// Quotes, brackets and reference marks may follow a mark, and stay with it.
const LATIN_SENTENCES: &[&str] = &[". ", "! ", "? ", "\u{2026} "];
const LATIN_CLAUSES: &[&str] = &["; ", ": ", ", "];
const CJK_SENTENCES: &[&str] = &["\u{3002}", "\u{FF01}", "\u{FF1F}", "\u{FF61}"];
const CJK_CLAUSES: &[&str] = &["\u{FF1B}", "\u{FF1A}", "\u{FF0C}", "\u{3001}"];
/// Sentence ends of scripts with marks of their own: Devanagari and its neighbours, Arabic, Urdu,
/// Ethiopic, Burmese, Khmer, Armenian, Tibetan.
const OTHER_SENTENCES: &[&str] = &[
    "\u{964}", "\u{965}", "\u{61F}", "\u{6D4}", "\u{1362}", "\u{104B}", "\u{17D4}", "\u{589}",
    "\u{F0D}",
];
const OTHER_CLAUSES: &[&str] = &["\u{60C}", "\u{61B}", "\u{1363}", "\u{104A}"];
/// U+200B stands between words of Thai, Lao, Khmer and Burmese where somebody put it.
/// A wrapped line ends between words.
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

    /// The same levels, with their separators in that chunk. Marks, line ends and spaces of our own ladders stay before.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Which chunk the separators belong to.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// How the separators of `level`, one of the levels, are taken: as they are if any is none of ours.
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
            // Nothing goes on over the end of a paragraph.
            Reading::Literal(self.keep)
        } else if are_all(&READ) {
            Reading::Words
        } else {
            Reading::Literal(self.keep)
        }
    }

    /// Pages, paragraphs, lines, sentences, clauses and words of scripts that separate words.
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

    /// The same for Chinese, Japanese and Korean.
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

    /// The same for all scripts together: the default.
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

    /// The levels, best first.
    #[must_use]
    pub fn levels(&self) -> &[Vec<String>] {
        &self.levels
    }

    /// The bytes of all separators, each with its tag and its length in a message.
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
