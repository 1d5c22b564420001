//! What is wrong with a configuration.

use std::io;
use std::net::SocketAddr;

use crate::config::listen::Listen;
use crate::config::store_url;
use crate::config::store_url::Location;
use crate::config::{environment, web};

/// The configuration is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host to listen at has no address.
    #[error(
        "listen: {listen} has no address ({source}): write an address of this machine, as 127.0.0.1:50051"
    )]
    NoAddress {
        /// The setting.
        listen: Listen,
        /// The resolver's answer.
        source: io::Error,
    },
    /// A source cannot be read, has a key that is not known, or a value of another kind.
    #[error(transparent)]
    Source(#[from] config::ConfigError),
    /// An environment variable is wrong.
    #[error(transparent)]
    Variable(#[from] environment::Error),
    /// The store can be nowhere there.
    #[error(transparent)]
    Location(#[from] store_url::Error),
    /// The address can be reached from other machines.
    #[error(
        "{0} can be reached from other machines, but no identity is configured: listen on 127.0.0.1, \
         set identity.api_keys, identity.jwt or tls.client_ca_file, or insecure_no_auth"
    )]
    NotLoopback(SocketAddr),
    /// The address is not a Redis's.
    #[error("redis.location must be redis://host:port, and not {0}")]
    NotRedis(Location),
    /// A rate is out of its range.
    #[error(
        "limits.{key} must have from 0.001 to 1,000,000 a second, and from 1 to 1,000,000 at once, of bytes 65,536 times as many"
    )]
    Rate {
        /// The setting.
        key: String,
    },
    /// Browsers or clients never send what is set.
    #[error(transparent)]
    Web(#[from] web::Error),
    /// What is secret would be sent in the clear.
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
        /// The least that it may be.
        least: u64,
    },
}
