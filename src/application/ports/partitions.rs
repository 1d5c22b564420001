//! The port of partitions: the spread of chunks, and moves.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::operations::Operation;
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentName;
use crate::domain::names::uid::{DocumentUid, OperationUid};
use crate::domain::partitions::balance::Document;
use crate::domain::timestamp::Timestamp;

/// The fill level of a partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The number of the partition, from 0 to 99.
    pub partition: u32,
    /// The documents that it holds and that are not deleted.
    pub documents: u64,
    /// The chunks, including those of deleted documents until they are swept.
    pub chunks: u64,
    /// The bytes of text of the chunks, as stored.
    pub text_bytes: u64,
    /// The deviation of its number of chunks from the mean, in percent.
    pub deviation_percent: f64,
    /// The status: HOT, COLD, NORMAL or EMPTY.
    pub status: String,
    /// The deleted rows that still take up space. This and the following fields are `None` in a store that does not
    /// vacuum.
    pub dead_rows: Option<u64>,
    /// Whether the partition should be vacuumed.
    pub needs_vacuum: Option<bool>,
    /// The time of the last vacuum.
    pub last_vacuum_at: Option<Timestamp>,
    /// The time when its statistics were last computed.
    pub last_analyze_at: Option<Timestamp>,
}

/// The size of a document.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Weight {
    /// The chunks of all versions.
    pub chunks: u64,
    /// The bytes of text of the chunks.
    pub text_bytes: u64,
}

/// The partition of a document, with its chunks counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Location {
    /// The document's uid.
    pub uid: DocumentUid,
    /// The partition that should hold all of its chunks.
    pub partition: u32,
    /// The size according to the document's row.
    pub said: Weight,
    /// The size as counted in that partition.
    pub counted: Weight,
    /// The document's chunks in other partitions: copies that a move has made or left behind.
    pub chunks_elsewhere: u64,
}

/// The request to move a document.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// The uid of the operation: the client's request id, or one made by the server.
    pub uid: OperationUid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The current time.
    pub now: Timestamp,
}

/// The result of a request to move a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Moved {
    /// The move, of this request or an earlier one with the same uid. It runs or has ended.
    Operation(Box<Operation>),
    /// No document has that name.
    NotFound,
    /// Another move of the document runs, or has left chunks behind.
    Pending,
    /// The uid belongs to a request with other fields.
    OtherRequest,
}

/// Reports how chunks are spread, and moves documents. For admins.
#[async_trait]
pub trait Partitions: Send + Sync {
    /// Returns all 100 partitions, in order, over all tenants.
    async fn partitions(&self) -> Result<Vec<Partition>, Error>;
    /// Returns at most `rows` documents with the most chunks, the largest first, over all tenants.
    async fn largest_documents(&self, rows: u32) -> Result<Vec<Document>, Error>;
    /// Returns the location of the document of that name. All counts are of one moment.
    async fn locate_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Location>, Error>;
    /// Requests the move of a document to its other candidate; a job does the rest. A repeated uid for the same
    /// document changes nothing.
    async fn move_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        asked: &Move,
    ) -> Result<Moved, Error>;
}
