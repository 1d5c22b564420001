//! The errors of a configuration.

use std::io;
use std::net::SocketAddr;

use crate::config::addresses::listen::Listen;
use crate::config::addresses::store_url;
use crate::config::addresses::store_url::Location;
use crate::config::environment;
use crate::config::sections::web;
use crate::domain::names::resource;

/// An error of a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host to listen on has no address.
    #[error(
        "listen: {listen} has no address ({source}): write an address of this machine, such as 127.0.0.1:50051"
    )]
    NoAddress {
        /// The setting.
        listen: Listen,
        /// The resolver's answer.
        source: io::Error,
    },
    /// A source cannot be read, has an unknown key, or a value of another kind.
    #[error(transparent)]
    Source(#[from] config::ConfigError),
    /// An environment variable is wrong.
    #[error(transparent)]
    Variable(#[from] environment::Error),
    /// The location cannot be one of a store.
    #[error(transparent)]
    Location(#[from] store_url::Error),
    /// Other machines can reach the address, and callers are not authenticated.
    #[error(
        "{0} can be reached from other machines, but no identity is configured: listen on 127.0.0.1, \
         set identity.api_keys, identity.jwt or tls.client_ca_file, or insecure_no_auth"
    )]
    NotLoopback(SocketAddr),
    /// The location is not one of a Redis.
    #[error("redis.location must be redis://host:port, and not {0}")]
    NotRedis(Location),
    /// A rate is out of its range.
    #[error(
        "limits.{key} must have from 0.001 to 1,000,000 per second and a burst from 1 to 1,000,000; for bytes \
         65,536 times as much"
    )]
    Rate {
        /// The setting.
        key: String,
    },
    /// Limits are set for a name that no tenant can have.
    #[error("limits.tenants.{name}: {source}")]
    Tenant {
        /// The name.
        name: String,
        /// The rule that it breaks.
        source: resource::Error,
    },
    /// A setting of the web has a value that no browser or client sends.
    #[error(transparent)]
    Web(#[from] web::Error),
    /// Other machines can reach the address, and secrets would be sent unencrypted.
    #[error(
        "{0} can be reached from other machines, but connections are not private: set \
         tls.certificate_file and tls.key_file, or tls.behind_proxy if a proxy does it"
    )]
    NotPrivate(SocketAddr),
    /// Two settings contradict each other.
    #[error("insecure_no_auth is set, but so is identity: one of them is a mistake")]
    Contradiction,
    /// A setting needs another one.
    #[error("{0} must be set too")]
    Missing(&'static str),
    /// A value is out of its range.
    #[error("{key} must be at least {least}")]
    TooSmall {
        /// The setting.
        key: String,
        /// The minimum.
        least: u64,
    },
}
