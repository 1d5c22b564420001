//! The port of chunks.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::store_error::Error;
use crate::domain::ingest::batch;
use crate::domain::names::uid::DocumentUid;

/// A chunk as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The ordinal, span and digest.
    pub chunk: batch::Chunk,
    /// The text.
    pub text: String,
}

/// The version whose chunks are read.
#[derive(Clone, Copy, Debug)]
pub struct VersionKey {
    /// The document.
    pub document: DocumentUid,
    /// The partition that holds its chunks.
    pub partition: u32,
    /// The number of the version.
    pub version: u64,
}

/// The most rows of a page: about 64 KiB of usual chunks.
pub const CHUNK_PAGE_ROWS: u32 = 64;
/// The bytes of text that complete a page. A reader holds one page in memory.
pub const CHUNK_PAGE_BYTES: u64 = 1024 * 1024;

/// The most rows of a page of chunks without text: about 250 KB with usual contexts.
pub const HEAD_PAGE_ROWS: u32 = 1_000;
/// The bytes of contexts and sections that complete a page of chunks without text.
pub const HEAD_PAGE_BYTES: u64 = 256 * 1024;

/// Reads chunks.
#[async_trait]
pub trait Chunks: Send + Sync {
    /// Returns at most `rows` chunks in order, from the ordinal `from` on. The page ends with the chunk that reaches
    /// [`CHUNK_PAGE_BYTES`] of text, contexts and sections. The document must belong to the caller's tenant.
    async fn chunks(
        &self,
        caller: &Caller,
        of: VersionKey,
        from: u64,
        rows: u32,
    ) -> Result<Vec<Chunk>, Error>;
    /// Returns at most `rows` chunks without their text, in order, from the ordinal `from` on. The page ends with the
    /// chunk that reaches [`HEAD_PAGE_BYTES`]. The document must belong to the caller's tenant.
    async fn chunk_heads(
        &self,
        caller: &Caller,
        of: VersionKey,
        from: u64,
        rows: u32,
    ) -> Result<Vec<batch::Chunk>, Error>;
}
