//! The Redis that instances share.

use serde::{Deserialize, Serialize};

use crate::config::addresses::store_url::Location;

/// The Redis that instances share besides the store, for updates and rates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// The address of a Redis, `redis://host:port`. Empty means none.
    pub location: Location,
    /// Whether the Redis is a node of a Redis Cluster, through which the other nodes are found.
    pub cluster: bool,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            location: Location::from(String::new()),
            cluster: false,
        }
    }
}
