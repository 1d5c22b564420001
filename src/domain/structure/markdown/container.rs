//! The blocks that hold other blocks: quotes, list items and footnotes.

use crate::domain::structure::kind::Kind;
use crate::domain::structure::markdown::cursor::Cursor;
use crate::domain::structure::markdown::item::{FOOTNOTE, Marker};

/// The most containers in each other. The text in deeper ones is text of the last, marks included.
pub const DEPTH_MAX: usize = 16;

/// The columns of indentation that make code.
pub const CODE_INDENT: usize = 4;

/// An open container.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Container {
    /// A quote.
    Quote,
    /// An item of a list, or a footnote.
    Item {
        /// The mark of the list's items.
        mark: u8,
        /// The columns of indentation that its content has.
        indent: u8,
        /// Whether it has nothing but its marker yet.
        is_empty: bool,
    },
}

impl Container {
    /// Continues the container in a line: skips its mark, and returns true, or returns false.
    pub fn continues(&mut self, cursor: &mut Cursor<'_>) -> bool {
        match self {
            Self::Quote => skip_quote(cursor),
            // A marker and a blank line are an empty item.
            Self::Item { is_empty, .. } if cursor.is_blank() => !*is_empty,
            Self::Item { indent, .. } => {
                let is_indented = cursor.indent() >= usize::from(*indent);
                if is_indented {
                    cursor.skip_columns(usize::from(*indent));
                }
                is_indented
            }
        }
    }

    /// Begins the item of a marker, which the cursor is at.
    pub fn item(marker: Marker, cursor: &mut Cursor<'_>) -> Self {
        let before = cursor.indent();
        cursor.skip(marker.bytes);
        let is_empty = cursor.is_blank() && marker.mark != FOOTNOTE;
        let indent = if marker.mark == FOOTNOTE {
            cursor.skip_columns(cursor.indent());
            CODE_INDENT
        } else {
            // More columns are the indentation of code, after one that belongs to the marker.
            let blanks = match cursor.indent() {
                blanks @ 1..=CODE_INDENT if !is_empty => blanks,
                _ => 1,
            };
            cursor.skip_columns(blanks);
            before + marker.bytes + blanks
        };
        Self::Item {
            mark: marker.mark,
            indent: u8::try_from(indent).unwrap_or(u8::MAX),
            is_empty,
        }
    }

    /// Returns the kind of what the container holds.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Quote => Kind::Quote,
            Self::Item { mark: FOOTNOTE, .. } => Kind::Prose,
            Self::Item { .. } => Kind::List,
        }
    }
}

fn skip_quote(cursor: &mut Cursor<'_>) -> bool {
    let is_quote = cursor.indent() < CODE_INDENT && cursor.rest().first() == Some(&b'>');
    if is_quote {
        cursor.skip(1);
        cursor.skip_columns(1);
    }
    is_quote
}
