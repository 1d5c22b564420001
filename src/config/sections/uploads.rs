//! Limits of uploads.

use serde::{Deserialize, Serialize};

/// The least memory for uploads. Two fifths of it are for open uploads, one for work, and two for messages. A call
/// that needs more than the part for work gets all of that part.
pub const MEMORY_BYTES_MIN: usize = 16 << 20;

/// Limits of uploads.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// The longest source, in bytes, from 1.
    pub source_bytes_max: u64,
    /// The memory that all uploads share, in bytes, from 16 MiB.
    pub memory_bytes_max: usize,
    /// The time an upload waits for memory before it is refused, in seconds. Its client may retry.
    pub memory_wait_seconds_max: u64,
    /// The time a client may send nothing, in seconds, from 1. An empty message counts as sent data.
    pub idle_seconds_max: u64,
    /// The bytes that a client must send a second, on average. An empty message restarts the measurement.
    pub rate_bytes_min: u64,
    /// The time of waiting for the client over which its rate is measured, in seconds, from 1.
    pub rate_window_seconds: u64,
    /// The time a client of a bidirectional stream may read nothing, in seconds, from 1.
    pub slow_reader_seconds_max: u64,
}

impl Uploads {
    /// Returns each setting that has a least value, with its value and that least one.
    pub(crate) fn least(&self) -> [(&'static str, u64, u64); 5] {
        [
            (
                "uploads.memory_bytes_max",
                self.memory_bytes_max as u64,
                MEMORY_BYTES_MIN as u64,
            ),
            ("uploads.source_bytes_max", self.source_bytes_max, 1),
            ("uploads.idle_seconds_max", self.idle_seconds_max, 1),
            ("uploads.rate_window_seconds", self.rate_window_seconds, 1),
            (
                "uploads.slow_reader_seconds_max",
                self.slow_reader_seconds_max,
                1,
            ),
        ]
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            source_bytes_max: 10 * 1024 * 1024 * 1024,
            // With the memory of the program and its connections, the server stays under 100 MB.
            memory_bytes_max: 40 * 1024 * 1024,
            memory_wait_seconds_max: 5,
            idle_seconds_max: 30,
            // A tenth of a slow mobile link; a client below it could hold memory for ever.
            rate_bytes_min: 16 * 1024,
            rate_window_seconds: 60,
            slow_reader_seconds_max: 30,
        }
    }
}
