//! Finds places after a separator and the white space that follows it.

use std::ops::Range;

use crate::domain::text::features::Features;
use crate::domain::text::reading::place;
use crate::domain::text::segmentation::needle::{Needle, mark_of};
use crate::domain::text::segmentation::section::Section;
use crate::domain::text::white_space;

/// The interpretation of the places of a set of separators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// Places are used as found: the user chose the separators, and the chunk that keeps them.
    Literal(Keep),
    /// The separators end lines, and a sentence may continue on the next line.
    Lines,
    /// The separators stand between words, and a reader does not cut after each. A mark that ends sentences keeps
    /// the quotes, brackets and reference marks that follow it.
    Words,
}

/// The chunk that a separator belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Keep {
    /// The chunk before, which ends with the separator.
    #[default]
    Before,
    /// The chunk after, which begins with the separator. White space at the separator's start stays in the chunk
    /// before.
    After,
}

impl Keep {
    /// All values, for lists and tests.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];

    /// Returns the name by which users choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Finds the places after any of a set of separators.
#[derive(Debug)]
pub struct Separators {
    groups: Vec<Group>,
    look_ahead_bytes: usize,
    /// Whether any separator has a line feed, which stands for CR too.
    has_lines: bool,
    reading: Reading,
}

/// The separators that begin with the same byte. A text without this byte has no separator of the group.
#[derive(Debug)]
struct Group {
    first: u8,
    /// Whether each of these separators has NEL, U+2028 or U+2029.
    are_wide_breaks: bool,
    /// Whether each of these separators is white space.
    are_blank: bool,
    needles: Vec<Needle>,
}

impl Separators {
    /// Creates a finder of `separators`, which must not be empty. A line feed in them also stands for CR LF and CR.
    pub fn new<'a>(separators: impl IntoIterator<Item = &'a str>, reading: Reading) -> Self {
        let mut made = Self {
            groups: Vec::new(),
            look_ahead_bytes: 0,
            has_lines: false,
            reading,
        };
        for separator in separators {
            made.add(separator);
        }
        made
    }

    fn add(&mut self, separator: &str) {
        let Some(first) = separator.bytes().next() else {
            return;
        };
        let mark = mark_of(separator).filter(|_| self.reading == Reading::Words);
        let bytes = mark.map_or(separator.len(), |(bytes, _)| bytes);
        let shown = &separator[..bytes];
        let needle = Needle::new(shown, mark.map(|(_, is_spaced)| is_spaced));
        self.has_lines |= needle.has_lines();
        if self.reading == Reading::Literal(Keep::After) {
            // Each line feed may match a CR LF.
            let longest = bytes + shown.matches('\n').count();
            self.look_ahead_bytes = self.look_ahead_bytes.max(longest);
        }
        let is_wide_break = Features::of(separator).has_wide_breaks;
        let is_blank = separator.chars().all(char::is_whitespace);
        match self.groups.iter_mut().find(|group| group.first == first) {
            Some(group) => {
                group.are_wide_breaks &= is_wide_break;
                group.are_blank &= is_blank;
                group.needles.push(needle);
            }
            None => self.groups.push(Group {
                first,
                are_wide_breaks: is_wide_break,
                are_blank: is_blank,
                needles: vec![needle],
            }),
        }
    }

    /// Whether a section may have any of the separators.
    #[must_use]
    pub fn may_be_in(&self, section: &Section<'_>) -> bool {
        self.groups.iter().any(|group| group.may_be_in(section))
    }

    /// Calls `found` with every place of a section that a separator leads to, in order for each separator.
    pub fn find(&self, section: &Section<'_>, mut found: impl FnMut(usize)) {
        let Section {
            text, floor, limit, ..
        } = *section;
        let through = text.len().min(limit + self.look_ahead_bytes);
        let bytes = &text.as_bytes()[..through];
        let has_returns = self.has_lines && section.has_returns();
        for group in &self.groups {
            if !group.may_be_in(section) {
                continue;
            }
            let Some(start) = group.start(bytes, group.from(section), has_returns) else {
                continue;
            };
            for needle in &group.needles {
                let mut at = start;
                let mut last = 0;
                while let Some(separator) = needle.next(bytes, at, has_returns) {
                    at = separator.start + needle.step_bytes(has_returns);
                    if separator.end <= last {
                        continue;
                    }
                    let Some((place, end)) = self.place(needle, text, separator, limit) else {
                        break;
                    };
                    if let Some(place) = place.filter(|place| *place >= floor) {
                        found(place);
                    }
                    last = end;
                }
            }
        }
    }

    /// Returns the place of a separator, if it has one, and the offset where the search continues. That offset is
    /// after the surrounding white space, which leads to the same place. `None` means past the limit.
    fn place(
        &self,
        needle: &Needle,
        text: &str,
        separator: Range<usize>,
        limit: usize,
    ) -> Option<(Option<usize>, usize)> {
        let Range { start, end } = separator;
        if self.reading == Reading::Literal(Keep::After) {
            let skipped = white_space::skip(text, start, limit)?;
            return Some((Some(skipped.place), end.max(skipped.end)));
        }
        let Some(end) = needle.end(text, end) else {
            return Some((None, end));
        };
        let skipped = white_space::skip(text, end, limit)?;
        Some((Some(skipped.place), skipped.end))
    }

    /// Whether a reader would not cut at `place`, which follows one of the separators.
    #[must_use]
    pub fn tears(&self, text: &str, place: usize) -> bool {
        match self.reading {
            Reading::Literal(_) => false,
            Reading::Lines => place::tears_line(text, place),
            Reading::Words => place::tears(text, place),
        }
    }
}

impl Group {
    /// Whether a section may have a separator of the group.
    fn may_be_in(&self, section: &Section<'_>) -> bool {
        match self.first {
            b'\x0C' => section.has_pages(),
            _ if self.are_wide_breaks => section.has_wide_breaks(),
            first => first.is_ascii() || !section.is_ascii(),
        }
    }

    /// Returns the offset from which the separators can lead to a place of a section.
    fn from(&self, section: &Section<'_>) -> usize {
        if self.are_blank {
            // White space leads only to a place within it or at its end.
            section.blank_start()
        } else {
            section.from()
        }
    }

    /// Returns an offset from `from` on that is not after the first separator, or `None` if there is none.
    fn start(&self, text: &[u8], from: usize, has_returns: bool) -> Option<usize> {
        let start = match (&*self.needles, self.first) {
            // The search for a single separator needs no other search before it.
            ([_], _) => return Some(from),
            (_, b'\n') if has_returns => memchr::memchr2(b'\n', b'\r', &text[from..]),
            (_, first) => memchr::memchr(first, &text[from..]),
        };
        start.map(|start| from + start)
    }
}

#[cfg(test)]
mod tests {
    use super::{Features, Keep, Reading, Section, Separators};

    #[track_caller]
    fn check(separators: &[&str], text: &str, floor: usize, expected: &[&str]) {
        let mut rests = Vec::new();
        let finder = Separators::new(separators.iter().copied(), Reading::Words);
        finder.find(
            &Section::new(text, Features::of(text), floor, text.len() - 1),
            &mut |place| {
                rests.push(&text[place..]);
            },
        );
        assert_eq!(rests, expected);
    }

    #[test]
    fn white_space_stays_before_the_place_but_for_indentation() {
        check(
            &["\n\n"],
            "one\n\n\n  two\n\nthree",
            0,
            &["  two\n\nthree", "three"],
        );
        check(&[". "], "one. \n two.three. ", 0, &[" two.three. "]);
    }

    #[test]
    fn a_separator_before_the_floor_counts_where_its_white_space_ends() {
        check(&["\n\n"], "one\n\n\n\n  two", 5, &["  two"]);
        check(&["\n\n"], "one\n\n\n\n  two", 7, &["  two"]);
        check(&["\n\n"], "one\n\n\n\n  two", 8, &[]);
    }

    #[test]
    fn separators_of_any_script_are_found() {
        check(
            &["\u{3002}", "! "],
            "\u{6C34}\u{3002}\u{706B}! a",
            0,
            &["\u{706B}! a", "a"],
        );
    }

    /// Each space leads to the start of the line, and the line's start is computed only once.
    #[test]
    fn an_indentation_is_looked_at_once() {
        for reading in [
            Reading::Words,
            Reading::Literal(Keep::Before),
            Reading::Literal(Keep::After),
        ] {
            let text = format!("a\n{}b c", " ".repeat(100));
            let mut found = Vec::new();
            Separators::new([" ", "\n", "\t"], reading).find(
                &Section::new(&text, Features::of(&text), 1, text.len()),
                &mut |place| {
                    found.push(place);
                },
            );
            assert!(found.len() <= 4, "{reading:?}: {found:?}");
        }
    }

    #[test]
    fn a_separator_can_begin_the_next_chunk() {
        let check = |separator: &str, text: &str, expected: &[&str]| {
            let finder = Separators::new([separator], Reading::Literal(Keep::After));
            let mut rests = Vec::new();
            finder.find(
                &Section::new(text, Features::of(text), 1, text.len() - 1),
                &mut |place| {
                    rests.push(&text[place..]);
                },
            );
            assert_eq!(rests, expected, "{separator:?}");
        };
        check("\n## ", "a\r\n## b\n\n## c", &["## b\n\n## c", "## c"]);
        check("## ", "a\n  ## b", &["  ## b"]);
        check("\n  - ", "a\n  - b", &["  - b"]);
        check("<hr>", "a<hr>b <hr>", &["<hr>b <hr>", "<hr>"]);
    }
}
