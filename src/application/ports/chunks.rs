//! The port of chunks.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::Uid;
use crate::application::ports::store_error::Error;
use crate::domain::ingest::batch;

/// A chunk as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Ordinal, span and digest.
    pub chunk: batch::Chunk,
    /// What it says.
    pub text: String,
}

/// Which chunks.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The document.
    pub document: Uid,
    /// Where its chunks are.
    pub partition: u32,
    /// Which version of it.
    pub version: u64,
}

/// How much text makes a page full, however few chunks have it: that is what a reader holds.
pub const PAGE_BYTES: u64 = 1024 * 1024;

/// Gives chunks back.
#[async_trait]
pub trait Chunks: Send + Sync {
    /// At most `rows` chunks in order, from the ordinal `from` on, and no more once they have
    /// [`PAGE_BYTES`] of text. The tenant is the document's.
    async fn chunks(
        &self,
        caller: &Caller,
        of: Of,
        from: u64,
        rows: u32,
    ) -> Result<Vec<Chunk>, Error>;
}
