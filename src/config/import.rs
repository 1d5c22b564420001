//! What the server may read by itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the server may read by itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// The directory below which files may be imported, the same on every instance that has one; empty:
    /// nothing is imported here.
    pub root: PathBuf,
    /// Whether files with several names (hard links) may be imported.
    pub hard_links: HardLinks,
}

/// Whether files with several names may be imported. A name below the root may be that of a file outside it, if
/// a user who may write below the root could link it there.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HardLinks {
    /// They are imported like any other file.
    #[default]
    Allow,
    /// They are treated as absent.
    Refuse,
}
