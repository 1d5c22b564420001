//! The port of partitions: how chunks are spread, and moved.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::operations::Operation;
use crate::application::ports::store_error::Error;
use crate::domain::names::resource::DocumentName;
use crate::domain::partitions::balance::Document;

/// How full a partition is.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// From 0 to 99.
    pub partition: u32,
    /// Documents that it holds and that are not deleted.
    pub documents: u64,
    /// Chunks, those of deleted documents too as long as they are there.
    pub chunks: u64,
    /// Bytes of their text, as stored.
    pub text_bytes: u64,
    /// How far its chunks are from the mean, in percent.
    pub deviation_percent: f64,
    /// HOT, COLD, NORMAL or EMPTY.
    pub status: String,
    /// Rows that are deleted and still take room; none, as for the rest, in a store that does not
    /// vacuum.
    pub dead_rows: Option<u64>,
    /// Whether it should be vacuumed.
    pub needs_vacuum: Option<bool>,
    /// When it was vacuumed last.
    pub last_vacuum_at: Option<Timestamp>,
    /// When its statistics were made last.
    pub last_analyze_at: Option<Timestamp>,
}

/// What there is of a document.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Weight {
    /// Chunks, in all versions.
    pub chunks: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
}

/// Where a document is, counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Location {
    /// The document.
    pub uid: Uid,
    /// The partition that should hold all of its chunks.
    pub partition: u32,
    /// What its own row says.
    pub said: Weight,
    /// What is counted in that partition.
    pub counted: Weight,
    /// Chunks of it in other partitions: copies that a move has made, or has left.
    pub chunks_elsewhere: u64,
}

/// What is to be moved, and how the move is called.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// The operation: the client's request id, or one of the server's making.
    pub uid: Uid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The time now.
    pub now: Timestamp,
}

/// How asking for a move went.
#[derive(Clone, Debug, PartialEq)]
pub enum Moved {
    /// It runs, or has been done, by this or an earlier request of the same uid.
    Operation(Box<Operation>),
    /// There is none of that name.
    NotFound,
    /// Another move of the document runs, or has left chunks behind.
    Pending,
    /// The uid is that of a request with other fields.
    OtherRequest,
}

/// Tells how chunks are spread, and moves documents: for admins.
#[async_trait]
pub trait Partitions: Send + Sync {
    /// All 100 partitions, in order, over all tenants.
    async fn partitions(&self) -> Result<Vec<Partition>, Error>;
    /// At most `rows` documents with the most chunks, the largest first, over all tenants.
    async fn largest_documents(&self, rows: u32) -> Result<Vec<Document>, Error>;
    /// Where the document of that name is, all counted at one moment.
    async fn locate_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Location>, Error>;
    /// Asks for a move of a document to its other candidate; the rest is for a job. The same uid
    /// for the same document again changes nothing.
    async fn move_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        asked: &Move,
    ) -> Result<Moved, Error>;
}
