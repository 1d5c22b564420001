//! Places after a separator and the white space that follows it.

use memchr::memmem::Finder;

use crate::domain::text::white_space;

/// Finds the places after any of a set of separators.
#[derive(Debug)]
pub struct Separators {
    /// By their first byte: where that is not, none of them is.
    groups: Vec<(u8, Vec<Finder<'static>>)>,
    longest_bytes: usize,
}

impl Separators {
    /// Makes a finder of `separators`, none of them empty.
    pub fn new<'a>(separators: impl IntoIterator<Item = &'a str>) -> Self {
        let mut made = Self {
            groups: Vec::new(),
            longest_bytes: 0,
        };
        for separator in separators {
            let finder = Finder::new(separator).into_owned();
            made.longest_bytes = made.longest_bytes.max(separator.len());
            let Some(first) = separator.bytes().next() else {
                continue;
            };
            match made.groups.iter_mut().find(|(byte, _)| *byte == first) {
                Some((_, group)) => group.push(finder),
                None => made.groups.push((first, vec![finder])),
            }
        }
        made
    }

    /// Calls `found` with every place from `floor` to `limit` that follows a separator and its
    /// white space, in order for each separator.
    pub fn find(&self, text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
        // A separator before the white space around `floor` counts from where that ends.
        let from = white_space::unskip(text, floor).saturating_sub(self.longest_bytes);
        let range = &text.as_bytes()[from..limit];
        for (first, group) in &self.groups {
            let Some(first) = memchr::memchr(*first, range) else {
                continue;
            };
            for finder in group {
                let mut last = 0;
                for start in finder.find_iter(&range[first..]) {
                    let end = from + first + start + finder.needle().len();
                    if end <= last {
                        continue;
                    }
                    let Some(place) = white_space::skip(text, end, limit) else {
                        break;
                    };
                    if place >= floor {
                        found(place);
                    }
                    last = place;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Separators;

    #[track_caller]
    fn check(separators: &[&str], text: &str, floor: usize, expected: &[&str]) {
        let mut rests = Vec::new();
        let finder = Separators::new(separators.iter().copied());
        finder.find(text, floor, text.len() - 1, &mut |place| {
            rests.push(&text[place..]);
        });
        assert_eq!(rests, expected);
    }

    #[test]
    fn white_space_stays_before_the_place() {
        check(
            &["\n\n"],
            "one\n\n\n  two\n\nthree",
            0,
            &["two\n\nthree", "three"],
        );
        check(&[". "], "one. \n two.three. ", 0, &["two.three. "]);
    }

    #[test]
    fn a_separator_before_the_floor_counts_where_its_white_space_ends() {
        check(&["\n\n"], "one\n\n\n\n  two", 5, &["two"]);
        check(&["\n\n"], "one\n\n\n\n  two", 9, &["two"]);
        check(&["\n\n"], "one\n\n\n\n  two", 10, &[]);
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
}
