//! The port of partitions.

use async_trait::async_trait;

use crate::application::ports::failure::Error;

/// How full a partition is.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// From 0 to 99.
    pub partition: u32,
    /// Documents that it holds.
    pub documents: u64,
    /// Chunks.
    pub chunks: u64,
    /// Bytes of their text, as stored.
    pub text_bytes: u64,
    /// How far its chunks are from the mean, in percent.
    pub deviation_percent: f64,
    /// HOT, COLD, NORMAL or EMPTY.
    pub status: String,
}

/// Tells how chunks are spread, over all tenants: for admins.
#[async_trait]
pub trait Partitions: Send + Sync {
    /// All 100 partitions, in order.
    async fn partitions(&self) -> Result<Vec<Partition>, Error>;
}
