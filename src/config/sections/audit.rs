//! The audit log.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The audit log.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// A file with the secret that signs the heads of the log, the same for every instance. Empty means a secret in
    /// the store, which an operator of the store can read.
    pub key_file: PathBuf,
    /// The time for which entries are kept, in seconds, from 1.
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

impl Audit {
    /// Returns each setting that has a least value, with its value and that least one.
    pub(crate) fn least(&self) -> [(&'static str, u64, u64); 1] {
        [("audit.kept_seconds", self.kept_seconds, 1)]
    }
}
