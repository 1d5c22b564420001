//! Finds places after a separator and the white space that follows it.

use memchr::memmem::Finder;

use crate::domain::text::features::Features;
use crate::domain::text::reading::place;
use crate::domain::text::reading::stop::{self, Stop};
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

/// One separator.
#[derive(Debug)]
struct Needle {
    finder: Finder<'static>,
    /// The length before its first line feed, which stands for other line ends too.
    beginning_bytes: usize,
    /// Whether the mark needs white space after it. `None` means that the separator is not a mark that ends
    /// sentences.
    mark: Option<bool>,
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
        let needle = Needle {
            finder: Finder::new(shown).into_owned(),
            beginning_bytes: lines_from(shown),
            mark: mark.map(|(_, is_spaced)| is_spaced),
        };
        self.has_lines |= needle.beginning_bytes < bytes;
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
            let from = group.from(section);
            let start = match group.first {
                b'\n' if has_returns => memchr::memchr2(b'\n', b'\r', &bytes[from..]),
                first => memchr::memchr(first, &bytes[from..]),
            };
            let Some(start) = start.map(|start| from + start) else {
                continue;
            };
            for needle in &group.needles {
                let mut last = 0;
                needle.each(bytes, start, has_returns, |start, end| {
                    if end <= last {
                        return true;
                    }
                    let Some((place, end)) = self.place(needle, text, (start, end), limit) else {
                        return false;
                    };
                    if let Some(place) = place.filter(|place| *place >= floor) {
                        found(place);
                    }
                    last = end;
                    true
                });
            }
        }
    }

    /// Returns the place of a separator, if it has one, and the offset where the search continues. That offset is
    /// after the surrounding white space, which leads to the same place. `None` means past the limit.
    fn place(
        &self,
        needle: &Needle,
        text: &str,
        (start, end): (usize, usize),
        limit: usize,
    ) -> Option<(Option<usize>, usize)> {
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
}

impl Needle {
    /// Calls `visit` with the start and the end of each occurrence in `text` from `from` on, until it returns false.
    fn each(
        &self,
        text: &[u8],
        from: usize,
        has_returns: bool,
        mut visit: impl FnMut(usize, usize) -> bool,
    ) {
        let whole = self.finder.needle();
        let (beginning, lines) = whole.split_at(self.beginning_bytes);
        if lines.is_empty() || !has_returns {
            let visit = |start| visit(from + start, from + start + whole.len());
            match whole {
                [byte] => memchr::memchr_iter(*byte, &text[from..]).all(visit),
                _ => self.finder.find_iter(&text[from..]).all(visit),
            };
            return;
        }
        let mut visit_whole = |start: usize| {
            let end = line_end(lines, text, start + beginning.len());
            end.is_none_or(|end| visit(start, end))
        };
        if beginning.is_empty() {
            let mut starts =
                memchr::memchr2_iter(b'\n', b'\r', &text[from..]).map(|start| from + start);
            // The second half of a CR LF begins no separator.
            let is_second =
                |start: usize| text[start] == b'\n' && start > 0 && text[start - 1] == b'\r';
            starts.all(|start| is_second(start) || visit_whole(start));
        } else {
            let mut starts = memchr::memmem::find_iter(&text[from..], beginning);
            starts.all(|start| visit_whole(from + start));
        }
    }

    /// Returns the end of a separator with the characters that belong to it. `end` is the end of the separator
    /// alone. `None` means that it is not a sentence's mark here.
    fn end(&self, text: &str, end: usize) -> Option<usize> {
        let Some(is_spaced) = self.mark else {
            return Some(end);
        };
        let tail = stop::tail(text, end);
        (!is_spaced || stop::is_free(text, tail)).then_some(tail)
    }
}

/// Returns the offset of a separator's first line feed if the separator has no CR, otherwise its length.
fn lines_from(separator: &str) -> usize {
    if separator.contains('\r') {
        return separator.len();
    }
    separator.find('\n').unwrap_or(separator.len())
}

/// Returns the end of `pattern` if `text` has it at `at`, with each line feed as LF, CR LF or CR.
fn line_end(pattern: &[u8], text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    for byte in pattern {
        at += match (byte, &text[at..]) {
            (b'\n', [b'\r', b'\n', ..]) => 2,
            (b'\n', [b'\n' | b'\r', ..]) => 1,
            (byte, [found, ..]) if byte == found => 1,
            _ => return None,
        };
    }
    Some(at)
}

/// Returns the length of the mark that a separator consists of, and whether the separator has a space after it.
fn mark_of(separator: &str) -> Option<(usize, bool)> {
    let mark = separator.strip_suffix(' ').unwrap_or(separator);
    let mut characters = mark.chars();
    let is_mark = characters.next().and_then(Stop::of).is_some() && characters.next().is_none();
    is_mark.then_some((mark.len(), mark.len() < separator.len()))
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
