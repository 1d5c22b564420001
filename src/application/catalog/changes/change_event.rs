//! The changes that a follower of a collection receives.

use crate::application::catalog::chunks::stream::Versioned;
use crate::application::ports::documents::Document;
use crate::domain::names::resource::{CollectionId, DocumentName};

/// A change as a follower receives it.
#[derive(Debug)]
pub enum ChangeEvent {
    /// The follower must forget every chunk of the document.
    Reset(DocumentName),
    /// The metadata of a document as of now, and its collection. First in each change that makes a version current, but
    /// after a reset; alone in a change of metadata.
    Document(CollectionId, Box<Document>),
    /// A chunk that is new to the follower.
    Added {
        /// The document.
        document: DocumentName,
        /// The chunk.
        chunk: Versioned,
        /// Whether the follower has its text under other headings or with another introduction.
        is_text_kept: bool,
    },
    /// A chunk whose content the follower has; sent without its text.
    Kept {
        /// The document.
        document: DocumentName,
        /// The chunk.
        chunk: Versioned,
        /// Whether its ordinal, span or section is another one than before.
        is_moved: bool,
    },
    /// A content that the document has once less.
    Removed {
        /// The document.
        document: DocumentName,
        /// The level of the chunk: 0 is the coarsest.
        level: usize,
        /// The key of the content.
        key: [u8; 32],
        /// The number of chunks that still have the content.
        left: u64,
    },
    /// All chunks of a version were sent.
    Complete {
        /// The document.
        document: DocumentName,
        /// The version.
        version: u64,
        /// The number of its chunks of the finest level.
        chunks: u64,
    },
}
