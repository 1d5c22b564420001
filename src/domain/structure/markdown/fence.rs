//! Fenced code (CommonMark 0.31, §4.5).

/// An open fence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fence {
    /// `` ` `` or `~`.
    pub mark: u8,
    /// The number of marks, at most 255. A closing line needs as many.
    pub marks: u8,
}

/// The least marks of a fence.
const MARKS_MIN: usize = 3;

impl Fence {
    /// Returns the fence that a line opens. `rest` begins at its first mark.
    #[must_use]
    pub fn open(rest: &[u8]) -> Option<Self> {
        let (mark, marks) = marks(rest)?;
        // An info string after backticks has no backtick, or the line would be code within a paragraph.
        let is_code_span = mark == b'`' && rest[marks..].contains(&b'`');
        (marks >= MARKS_MIN && !is_code_span).then(|| Self {
            mark,
            marks: u8::try_from(marks).unwrap_or(u8::MAX),
        })
    }

    /// Whether a line closes the fence. `rest` begins at its first byte that is not white space.
    #[must_use]
    pub fn is_closed_by(self, rest: &[u8]) -> bool {
        marks(rest).is_some_and(|(mark, marks)| {
            mark == self.mark
                && marks >= usize::from(self.marks)
                && rest[marks..].trim_ascii().is_empty()
        })
    }
}

/// Returns the info string of the line that opens a fence, which begins at its first mark.
#[must_use]
pub fn info_string(rest: &str) -> &str {
    let (_, marks) = marks(rest.as_bytes()).unwrap_or_default();
    rest[marks..].trim()
}

/// Returns the mark that a line begins with, and how many of it.
fn marks(rest: &[u8]) -> Option<(u8, usize)> {
    let mark = *rest.first().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let marks = rest.iter().take_while(|byte| **byte == mark).count();
    Some((mark, marks))
}

#[cfg(test)]
mod tests {
    use super::{Fence, info_string};

    #[test]
    fn a_fence_is_closed_by_as_many_of_its_marks_alone() {
        let fence = Fence::open(b"```` rust").unwrap();
        let closing = ["````", "`````  ", "```", "~~~~", "```` a"];
        let expected = [true, true, false, false, false];
        assert_eq!(
            closing.map(|line| fence.is_closed_by(line.as_bytes())),
            expected
        );
        assert_eq!(Fence::open(b"``` a`b"), None);
        assert!(Fence::open(b"~~~ a`b").is_some());
        assert_eq!(Fence::open(b"``"), None);
        assert_eq!(info_string("~~~ a ```b "), "a ```b");
    }
}
