//! The limits of uploads, in bytes and in time.

use std::time::Duration;

/// The upload limits of an instance.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// The longest source, in bytes.
    pub source_bytes_max: u64,
    /// The memory for all uploads together, in bytes.
    pub memory_bytes_max: usize,
    /// The most bytes of messages of all uploads that wait for memory to work in.
    pub waiting_bytes_max: usize,
    /// The longest wait of an upload for memory. Then it is rejected, and the client must try again.
    pub memory_wait_max: Duration,
    /// The longest silence of a client. An empty message ends the silence.
    pub idle_max: Duration,
    /// The least bytes per second from a client, on average over [`UploadLimits::rate_window`]. An empty message restarts
    /// the measurement.
    pub rate_bytes_min: u64,
    /// The window in which the rate is measured. Only time spent waiting for the client counts.
    pub rate_window: Duration,
    /// The longest time for which a client of a bidirectional stream may read nothing.
    pub slow_reader_max: Duration,
    /// The time for which the chunks of a version are retained after a newer one became current.
    pub old_version_kept: Duration,
}
