//! What is kept of who did what.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is kept of who did what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// A file with a secret, the same for every instance, by which the ends of the log are signed; empty: by
    /// one that is in the store, which whoever operates that can read.
    pub key_file: PathBuf,
    /// How long entries are kept, from 1.
    pub kept_seconds: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            key_file: PathBuf::new(),
            kept_seconds: 365 * 24 * 60 * 60,
        }
    }
}
