//! Headings: ATX (`## Title`) and setext (a paragraph above a line of `=` or `-`).

use crate::domain::structure::line;

/// The number of levels of headings.
pub const LEVELS: usize = 6;

/// Returns the level of an ATX heading, from 1 (CommonMark 0.31, §4.2). `rest` begins at the first `#`.
#[must_use]
pub fn atx_level(rest: &[u8]) -> Option<u8> {
    let level = rest.iter().take_while(|byte| **byte == b'#').count();
    let is_heading = level <= LEVELS && matches!(rest.get(level), None | Some(b' ' | b'\t'));
    (level > 0 && is_heading).then(|| u8::try_from(level).unwrap_or(u8::MAX))
}

/// Returns the level of a setext heading with this line below its text (§4.3).
#[must_use]
pub fn setext_level(rest: &[u8]) -> Option<u8> {
    let line = rest.trim_ascii_end();
    let (first, level) = match line.first()? {
        b'=' => (b'=', 1),
        b'-' => (b'-', 2),
        _ => return None,
    };
    line.iter().all(|byte| *byte == first).then_some(level)
}

/// Whether the line is a thematic break: three or more of one mark, and blanks (§4.1).
#[must_use]
pub fn is_thematic_break(rest: &[u8]) -> bool {
    let Some(mark @ (b'*' | b'-' | b'_')) = rest.first() else {
        return false;
    };
    let mut marks = 0;
    for byte in rest {
        match byte {
            byte if byte == mark => marks += 1,
            b' ' | b'\t' => {}
            _ => return false,
        }
    }
    marks >= 3
}

/// Returns the title of the heading that a text begins with, without its marks: of an ATX heading one line, of a
/// setext heading all lines above its underline, joined by spaces.
pub fn title(text: &str) -> String {
    let mut lines = line::lines(text).map(str::trim);
    let first = lines.next().unwrap_or_default();
    if atx_level(first.as_bytes()).is_some() {
        return without_closing(first.trim_start_matches('#').trim()).to_owned();
    }
    let mut title = first.to_owned();
    for line in lines.take_while(|line| setext_level(line.as_bytes()).is_none()) {
        title.push(' ');
        title.push_str(line);
    }
    title
}

/// Returns the title without a closing sequence of `#`, which follows a blank or is all of it.
fn without_closing(title: &str) -> &str {
    let open = title.trim_end_matches('#');
    if open.len() < title.len() && (open.is_empty() || open.ends_with([' ', '\t'])) {
        return open.trim_end();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::{atx_level, is_thematic_break, setext_level, title};

    #[test]
    fn an_atx_heading_needs_a_blank_after_at_most_six_marks() {
        let levels = ["# a", "###### a", "####### a", "#a", "#", "##\ta", "\\# a"];
        let expected = [Some(1), Some(6), None, None, Some(1), Some(2), None];
        assert_eq!(levels.map(|line| atx_level(line.as_bytes())), expected);
    }

    #[test]
    fn underlines_and_breaks_are_of_one_mark() {
        let lines = ["===  ", "-", "=-=", "= =", ""];
        let expected = [Some(1), Some(2), None, None, None];
        assert_eq!(lines.map(|line| setext_level(line.as_bytes())), expected);
        let lines = ["***", "- - -", "__", "--*", "***a"];
        let expected = [true, true, false, false, false];
        assert_eq!(
            lines.map(|line| is_thematic_break(line.as_bytes())),
            expected
        );
    }

    #[test]
    fn a_title_has_no_marks() {
        assert_eq!(title("## The `title` ##\ntext"), "The `title`");
        assert_eq!(title("# a#\n"), "a#");
        assert_eq!(title("### ###"), "");
        assert_eq!(title("one\n two\n===\nthree"), "one two");
    }
}
