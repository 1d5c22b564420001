//! Places after a separator and the white space that follows it.

use memchr::memmem::Finder;

use crate::domain::text::white_space;

/// Finds the places after any of a set of separators.
#[derive(Debug)]
pub struct Separators {
    finders: Vec<Finder<'static>>,
    longest_bytes: usize,
}

impl Separators {
    /// Makes a finder of `separators`, none of them empty.
    pub fn new<'a>(separators: impl IntoIterator<Item = &'a str>) -> Self {
        let finders =
            separators.into_iter().map(|separator| Finder::new(separator).into_owned());
        let finders = finders.collect::<Vec<_>>();
        let longest_bytes = finders.iter().map(|finder| finder.needle().len()).max().unwrap_or(0);
        Self { finders, longest_bytes }
    }

    /// Calls `found` with every place from `floor` to `limit` that follows a separator and its
    /// white space, in order for each separator.
    pub fn find(&self, text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
        // A separator before the white space around `floor` counts from where that ends.
        let from = white_space::unskip(text, floor).saturating_sub(self.longest_bytes);
        let range = &text.as_bytes()[from..limit];
        let is_ascii = range.is_ascii();
        for finder in &self.finders {
            if is_ascii && !finder.needle().is_ascii() {
                continue;
            }
            let mut last = 0;
            for start in finder.find_iter(range) {
                let end = from + start + finder.needle().len();
                if end <= last {
                    continue;
                }
                let Some(place) = white_space::skip(text, end, limit) else { break };
                if place >= floor {
                    found(place);
                }
                last = place;
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
        finder.find(text, floor, text.len() - 1, &mut |place| rests.push(&text[place..]));
        assert_eq!(rests, expected);
    }

    #[test]
    fn white_space_stays_before_the_place() {
        check(&["\n\n"], "one\n\n\n  two\n\nthree", 0, &["two\n\nthree", "three"]);
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
        check(&["\u{3002}", "! "], "\u{6C34}\u{3002}\u{706B}! a", 0, &["\u{706B}! a", "a"]);
    }
}
