//! What uploads may take, in bytes and in time.

use std::time::Duration;

/// The bounds of an instance.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest source.
    pub source_bytes_max: u64,
    /// What all uploads together may hold.
    pub memory_bytes_max: usize,
    /// The sum of the messages of uploads that wait to work, in bytes.
    pub waiting_bytes_max: usize,
    /// How long an upload waits for memory before it is told to come back.
    pub memory_wait_max: Duration,
    /// How long a client may send nothing; an empty message counts as something.
    pub idle_max: Duration,
    /// What a client must send a second, on average over [`Bounds::rate_window`]; an empty message
    /// restarts the measurement.
    pub rate_bytes_min: u64,
    /// Over how much waiting for the client its rate is measured.
    pub rate_window: Duration,
    /// How long a client of a bidirectional stream may read nothing.
    pub slow_reader_max: Duration,
    /// How long the chunks of a version are kept after a newer one became current.
    pub old_version_kept: Duration,
}
