//! How far the ingest of a document is.

/// Counts that only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Bytes of the source that were taken.
    pub received_bytes: u64,
    /// Bytes of the source that no later chunk needs.
    pub decided_bytes: u64,
    /// Chunks cut.
    pub chunks: u64,
    /// Faults of the source that became U+FFFD.
    pub replaced: u64,
}
