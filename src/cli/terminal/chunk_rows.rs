//! Chunks as rows of a table.

use std::fmt::Display;

use crate::cli::terminal::table::Column;

/// The columns of a chunk. The text is the last one, so that it can be left out.
pub(crate) const COLUMNS: [Column; 5] = [
    Column::of("chunk", 6),
    Column::of("bytes", 15),
    Column::of("characters", 15),
    Column::of("lines", 11),
    Column::text("text"),
];

/// Returns a chunk's cells: the ordinal (of a parent `level:ordinal`), the spans in bytes, characters and lines, and the text.
pub(crate) fn cells<T: Copy + Display>(
    ordinal: impl Display,
    places: [(T, T); 3],
    text: String,
) -> Vec<String> {
    let [bytes, characters, lines] = places.map(|(start, end)| range(start, end));
    vec![ordinal.to_string(), bytes, characters, lines, text]
}

/// Returns the cell of a range from `start` to `end`, exclusive.
pub(crate) fn range<T: Display>(start: T, end: T) -> String {
    format!("{start}..{end}")
}

/// Returns the cell of the titles of headings, outermost first.
pub(crate) fn path<'a>(titles: impl Iterator<Item = &'a str>) -> String {
    titles.collect::<Vec<_>>().join(" > ")
}

/// Returns the text of a chunk after the titles of the headings that it is under.
pub(crate) fn under<'a>(titles: impl Iterator<Item = &'a str>, text: &str) -> String {
    let path = path(titles);
    if path.is_empty() {
        text.to_owned()
    } else {
        format!("{path} | {text}")
    }
}
