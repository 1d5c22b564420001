//! Front matter: YAML between lines of `---`, or TOML between lines of `+++`, at the start of a document.

use crate::domain::structure::line;

/// Returns the mark of the front matter that a text begins with: `-` or `+`. Front matter that does not end within
/// the text is none.
#[must_use]
pub fn mark(text: &str) -> Option<u8> {
    let mut lines = line::lines(text);
    let mark = match lines.next()?.trim_end() {
        "---" => b'-',
        "+++" => b'+',
        _ => return None,
    };
    // A blank line or an end after the first line shows that it is a thematic break.
    let first = lines.next()?;
    let is_break = first.trim().is_empty() || is_end(first.as_bytes(), mark);
    let has_end = lines.any(|line| is_end(line.as_bytes(), mark));
    (!is_break && has_end).then_some(mark)
}

/// Whether a line ends front matter with that mark.
#[must_use]
pub fn is_end(line: &[u8], mark: u8) -> bool {
    let line = line.trim_ascii_end();
    line == [mark; 3] || (mark == b'-' && line == b"...")
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn front_matter_ends() {
        assert_eq!(mark("---\ntitle: a\n---\ntext"), Some(b'-'));
        assert_eq!(mark("+++\ntitle = 1\n+++\n"), Some(b'+'));
        assert_eq!(mark("---\ntitle: a\n...\n"), Some(b'-'));
        assert_eq!(mark("---\n\ntext\n---\n"), None);
        assert_eq!(mark("---\n---\n"), None);
        assert_eq!(mark("---\ntext\n"), None);
        assert_eq!(mark("----\na\n----\n"), None);
    }
}
