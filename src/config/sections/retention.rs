//! Retention times.

use serde::{Deserialize, Serialize};

/// Retention times, and the interval of their checks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The time for which the chunks of a version are kept after a newer one became current, in seconds. The same
    /// holds for chunks that a moved document has left behind.
    pub old_version_seconds: u64,
    /// The time an upload waits to be resumed, in seconds, from 1.
    pub open_upload_seconds: u64,
    /// The time for which operations and changes are kept after their end, in seconds, from 1.
    pub operation_seconds: u64,
    /// The interval of sweeps that remove expired data, in seconds, from 1.
    pub sweep_every_seconds: u64,
}

impl Retention {
    /// Returns each setting that has a least value, with its value and that least one.
    pub(crate) fn least(&self) -> [(&'static str, u64, u64); 3] {
        [
            ("retention.open_upload_seconds", self.open_upload_seconds, 1),
            ("retention.operation_seconds", self.operation_seconds, 1),
            ("retention.sweep_every_seconds", self.sweep_every_seconds, 1),
        ]
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            // Enough for readers of the old version and followers of changes to finish.
            old_version_seconds: 60 * 60,
            open_upload_seconds: 7 * 24 * 60 * 60,
            operation_seconds: 30 * 24 * 60 * 60,
            sweep_every_seconds: 10,
        }
    }
}
