//! Tables of pipes (GitHub Flavored Markdown 0.29, §4.10).

/// Returns the number of cells of a row. Pipes at its ends and escaped pipes separate no cells.
#[must_use]
pub fn cells(row: &[u8]) -> u16 {
    let row = row.trim_ascii();
    let row = row.strip_prefix(b"|").unwrap_or(row);
    let mut cells: u16 = 1;
    for at in memchr::memchr_iter(b'|', row) {
        let is_escaped = at > 0 && row[at - 1] == b'\\';
        if !is_escaped && at + 1 < row.len() {
            cells = cells.saturating_add(1);
        }
    }
    cells
}

/// Returns the number of columns of a delimiter row: cells of hyphens, each with a colon at either end or without.
#[must_use]
pub fn columns(rest: &[u8]) -> Option<u16> {
    let row = rest.trim_ascii();
    let is_possible = |byte: &u8| matches!(byte, b'|' | b':' | b'-' | b' ' | b'\t');
    if !row.iter().all(is_possible) {
        return None;
    }
    let inner = row.strip_prefix(b"|").unwrap_or(row);
    let inner = inner.strip_suffix(b"|").unwrap_or(inner);
    let is_delimiter = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        let cell = cell.strip_prefix(b":").unwrap_or(cell);
        let cell = cell.strip_suffix(b":").unwrap_or(cell);
        !cell.is_empty() && cell.iter().all(|byte| *byte == b'-')
    };
    inner
        .split(|byte| *byte == b'|')
        .all(is_delimiter)
        .then(|| cells(row))
}

#[cfg(test)]
mod tests {
    use super::{cells, columns};

    #[test]
    fn cells_are_between_pipes() {
        let rows = ["| a | b |", "a | b", "a", "| a \\| b |", "|a|"];
        assert_eq!(rows.map(|row| cells(row.as_bytes())), [2, 2, 1, 1, 1]);
    }

    #[test]
    fn a_delimiter_row_is_of_hyphens() {
        let rows = ["|---|:-:|", "--- | ---", ":--", "| a |", "|--|--", "||"];
        let expected = [Some(2), Some(2), Some(1), None, Some(2), None];
        assert_eq!(rows.map(|row| columns(row.as_bytes())), expected);
    }
}
