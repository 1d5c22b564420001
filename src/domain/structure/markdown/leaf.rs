//! The blocks that hold text.

use crate::domain::structure::markdown::fence::Fence;
use crate::domain::structure::markdown::html;

/// The open block of text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Leaf {
    /// No block is open.
    #[default]
    None,
    /// A paragraph, which can become a heading or end in the first row of a table.
    Paragraph {
        /// The byte of text where it begins.
        start: u64,
        /// The byte of text where its last line begins.
        line: u64,
        /// The cells of its last line, read as the row of a table.
        cells: u16,
    },
    /// Fenced code.
    Fence(Fence),
    /// Indented code.
    Indented,
    /// HTML, with the line that ends it.
    Html(html::End),
    /// A table after its header.
    Table,
    /// Front matter, with the mark that its lines at both ends have three times.
    FrontMatter(u8),
}
