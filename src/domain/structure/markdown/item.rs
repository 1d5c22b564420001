//! The markers of list items and footnotes.

/// The marker of a list item (CommonMark 0.31, §5.2), or the label of a footnote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Marker {
    /// The byte that all items of a list share: the bullet, or the mark after the number.
    pub mark: u8,
    /// The length of the marker, in bytes.
    pub bytes: usize,
    /// Whether the item can begin within a paragraph: unless it is numbered and its number is not 1.
    pub may_interrupt: bool,
}

/// Stands for the mark of a footnote.
pub const FOOTNOTE: u8 = b'^';

/// The most digits of a number.
const DIGITS_MAX: usize = 9;

/// The most bytes of a footnote's label.
const LABEL_BYTES_MAX: usize = 100;

impl Marker {
    /// Returns the marker that `rest` begins with, if a blank or the end of the line follows.
    #[must_use]
    pub fn of(rest: &[u8]) -> Option<Self> {
        let marker = match rest.first()? {
            mark @ (b'-' | b'+' | b'*') => Self {
                mark: *mark,
                bytes: 1,
                may_interrupt: true,
            },
            b'0'..=b'9' => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let mark = *rest
                    .get(digits)
                    .filter(|mark| matches!(mark, b'.' | b')'))?;
                if digits > DIGITS_MAX {
                    return None;
                }
                Self {
                    mark,
                    bytes: digits + 1,
                    may_interrupt: rest[..digits] == *b"1",
                }
            }
            _ => return None,
        };
        let is_ended = matches!(rest.get(marker.bytes), None | Some(b' ' | b'\t'));
        is_ended.then_some(marker)
    }

    /// Returns the label of a footnote that `rest` begins with: `[^label]:`.
    #[must_use]
    pub fn of_footnote(rest: &[u8]) -> Option<Self> {
        let label = rest.strip_prefix(b"[^")?;
        let end = label
            .iter()
            .take(LABEL_BYTES_MAX)
            .position(|byte| matches!(byte, b']' | b'[' | b' ' | b'\t'))?;
        let is_footnote = end > 0 && label[end..].starts_with(b"]:");
        is_footnote.then_some(Self {
            mark: FOOTNOTE,
            bytes: b"[^".len() + end + b"]:".len(),
            may_interrupt: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;

    #[test]
    fn a_marker_is_followed_by_a_blank() {
        let bytes = |line: &str| Marker::of(line.as_bytes()).map(|marker| marker.bytes);
        let lines = [
            "- a",
            "-",
            "-a",
            "12) a",
            "1234567890. a",
            "1.",
            "1.a",
            "a. b",
        ];
        let expected = [Some(1), Some(1), None, Some(3), None, Some(2), None, None];
        assert_eq!(lines.map(bytes), expected);
        assert!(Marker::of(b"1. a").unwrap().may_interrupt);
        assert!(!Marker::of(b"01. a").unwrap().may_interrupt);
    }

    #[test]
    fn a_footnote_has_a_label() {
        let bytes = |line: &str| Marker::of_footnote(line.as_bytes()).map(|marker| marker.bytes);
        let lines = ["[^1]: a", "[^a-b]:", "[^]: a", "[^a b]: c", "[1]: a"];
        assert_eq!(lines.map(bytes), [Some(5), Some(7), None, None, None]);
    }
}
