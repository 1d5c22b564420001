//! White space stays with the chunk before it.

/// The place after the white space that begins at `at`, or `None` if that is past `limit`.
#[must_use]
pub fn skip(text: &str, at: usize, limit: usize) -> Option<usize> {
    let mut end = at;
    let mut rest = text[at..].chars();
    while end <= limit {
        match rest.next() {
            Some(character) if character.is_whitespace() => end += character.len_utf8(),
            _ => return Some(end),
        }
    }
    None
}

/// The place where the white space that ends at `at` begins.
#[must_use]
pub fn unskip(text: &str, at: usize) -> usize {
    text[..at].trim_end().len()
}
