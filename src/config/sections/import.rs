//! Files that the server may read by itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Files that the server may read by itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// The directory below which files may be imported, the same on every instance that has one. Empty means that
    /// this instance imports nothing.
    pub root: PathBuf,
    /// Whether files with several names (hard links) may be imported.
    pub hard_links: HardLinks,
}

/// Whether files with several names may be imported. A name below the root may belong to a file outside it, if a user
/// with write access below the root has linked it there.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HardLinks {
    /// Such files are imported like any other file.
    #[default]
    Allow,
    /// Such files are treated as absent.
    Refuse,
}
