//! The store.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::addresses::store_url::Location;

/// The store.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The path of a file, or the address of a database.
    pub location: Location,
    /// The maximum number of connections of an instance to a database, from 2.
    pub connections_max: u32,
}

impl Store {
    /// Returns the settings of a store in that file.
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self {
            location: file.display().to_string().into(),
            ..Self::default()
        }
    }

    /// Returns each setting that has a least value, with its value and that least one.
    pub(crate) fn least(&self) -> [(&'static str, u64, u64); 1] {
        [("store.connections_max", self.connections_max.into(), 2)]
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            location: Location::from("sluice.db".to_owned()),
            // Uploads write by turns: more connections are no faster on a few cores, and a PostgreSQL server has a
            // hundred for all instances.
            connections_max: 8,
        }
    }
}
