//! The blocks that a line begins, after the marks of its containers.

use crate::domain::structure::markdown::container::{CODE_INDENT, Container, DEPTH_MAX};
use crate::domain::structure::markdown::cursor::Cursor;
use crate::domain::structure::markdown::fence::Fence;
use crate::domain::structure::markdown::heading;
use crate::domain::structure::markdown::html::End;
use crate::domain::structure::markdown::item::Marker;

/// The block that a line begins or continues.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start {
    /// A container.
    Container(Opening),
    /// An ATX heading of that level.
    Heading(u8),
    /// A thematic break.
    Break,
    /// Fenced code.
    Fence(Fence),
    /// HTML.
    Html(End),
    /// Indented code.
    Indented,
    /// A paragraph.
    Text,
    /// No new block: the line continues the open paragraph.
    Continuation,
    /// Nothing: the line ends after the marker of an item.
    Empty,
}

/// The marker of a container.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// Of a quote.
    Quote,
    /// Of a list item or footnote.
    Item(Marker),
}

impl Opening {
    /// Opens the container at the cursor, and moves the cursor past the marker.
    pub fn open(self, cursor: &mut Cursor<'_>) -> Container {
        match self {
            Self::Quote => {
                Container::Quote.continues(cursor);
                Container::Quote
            }
            Self::Item(marker) => Container::item(marker, cursor),
        }
    }
}

/// Returns the text of a line after the markers of the containers that it opens.
#[must_use]
pub fn content(line: &str) -> &str {
    let mut cursor = Cursor::new(line.as_bytes());
    for _ in 0..DEPTH_MAX {
        let Start::Container(opening) = of(&cursor, false, false) else {
            break;
        };
        opening.open(&mut cursor);
    }
    // The rest is an end of the line, after ASCII.
    &line[line.len() - cursor.rest().len()..]
}

/// Whether the indentation allows a line to begin a block that is not code.
#[must_use]
pub fn may_begin(cursor: &Cursor<'_>) -> bool {
    cursor.indent() < CODE_INDENT
}

/// Whether the line is a row of the table above it, because it begins no other block.
#[must_use]
pub fn is_row(cursor: &Cursor<'_>) -> bool {
    of(cursor, false, false) == Start::Text
}

/// Returns what a line begins. `is_in_paragraph` says that a paragraph is open; `interrupts` that it is open in the
/// innermost container that the line continues.
pub fn of(cursor: &Cursor<'_>, is_in_paragraph: bool, interrupts: bool) -> Start {
    if cursor.is_blank() {
        return Start::Empty;
    }
    let text = if is_in_paragraph {
        Start::Continuation
    } else {
        Start::Text
    };
    if !may_begin(cursor) {
        return if is_in_paragraph {
            text
        } else {
            Start::Indented
        };
    }
    let rest = cursor.rest();
    let found = match rest.first() {
        Some(b'>') => Some(Start::Container(Opening::Quote)),
        Some(b'#') => heading::atx_level(rest).map(Start::Heading),
        Some(b'`' | b'~') => Fence::open(rest).map(Start::Fence),
        Some(b'<') => End::of(rest)
            .filter(|end| !(interrupts && *end == End::BlankAfterAnyTag))
            .map(Start::Html),
        Some(b'*' | b'-' | b'_') if heading::is_thematic_break(rest) => Some(Start::Break),
        Some(b'[') => {
            Marker::of_footnote(rest).map(|marker| Start::Container(Opening::Item(marker)))
        }
        Some(b'*' | b'-' | b'+' | b'0'..=b'9') => item(rest, interrupts),
        _ => None,
    };
    found.unwrap_or(text)
}

/// Returns the item that a line begins. Within a paragraph, an item has text, and begins a list with 1.
fn item(rest: &[u8], interrupts: bool) -> Option<Start> {
    let marker = Marker::of(rest)?;
    let is_empty = rest[marker.bytes..].trim_ascii().is_empty();
    let is_text = interrupts && (is_empty || !marker.may_interrupt);
    (!is_text).then_some(Start::Container(Opening::Item(marker)))
}
