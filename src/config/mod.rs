//! The settings of an instance: defaults, then a TOML file, then the environment, then flags.
//!
//! To add a setting: a field with its unit in its name, its default, its bound in [`Config::check`],
//! and a line in `sluice.example.toml`; a test compares the two.

use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::audit::Audit;
pub use crate::config::error::Error;
use crate::config::identity::{Identity, Tls};
use crate::config::import::Import;
use crate::config::limits::Limits;
use crate::config::listen::Listen;
use crate::config::log_format::LogFormat;
use crate::config::server::Server;
use crate::config::store_url::Location;
use crate::config::web::Web;
use crate::domain::limits::rate;

pub mod audit;
pub mod client;
pub mod environment;
mod error;
pub mod host_port;
pub mod identity;
pub mod import;
pub mod limits;
pub mod listen;
pub mod log_format;
pub mod server;
pub mod store_url;
pub mod terminal;
pub mod web;

/// The least memory for uploads. Two fifths of it are for open uploads, one for work, and two for messages. A call
/// that needs more than the part for work gets all of that part.
pub const MEMORY_BYTES_MIN: usize = 16 << 20;

/// The settings of an instance.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on: one of this machine only, unless clients authenticate and connections are encrypted,
    /// or `insecure_no_auth` is set. A part that is left out comes from `127.0.0.1:50051`. Port 0 takes a free port.
    /// All addresses of a name are used.
    pub listen: Listen,
    /// Names by which clients may call the server, besides those of this machine. Empty means any name with identity
    /// or `insecure_no_auth`, and otherwise no other name.
    pub hosts: Vec<String>,
    /// Whether every client may do everything, from other machines too.
    pub insecure_no_auth: bool,
    /// The messages to log, as a `tracing` filter.
    pub log: String,
    /// The format of the log.
    pub log_format: LogFormat,
    /// Authentication of clients.
    pub identity: Identity,
    /// The audit log.
    pub audit: Audit,
    /// Encryption of connections.
    pub tls: Tls,
    /// Limits of the server itself.
    pub server: Server,
    /// The store.
    pub store: Store,
    /// The Redis that instances share besides the store.
    pub redis: Redis,
    /// Limits of uploads.
    pub uploads: Uploads,
    /// Files that the server may read by itself.
    pub import: Import,
    /// Retention times.
    pub retention: Retention,
    /// Rate limits and concurrency limits.
    pub limits: Limits,
    /// Browsers and watchers.
    pub web: Web,
}

/// The store.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The path of a file, or the address of a database.
    pub location: Location,
    /// The maximum number of connections of an instance to a database, from 2.
    pub connections_max: u32,
}

/// The Redis that instances share besides the store, for news and rates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// The address of a Redis, `redis://host:port`. Empty means none.
    pub location: Location,
    /// Whether the Redis is a node of a Redis Cluster, through which the other nodes are found.
    pub cluster: bool,
}

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

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            hosts: Vec::new(),
            insecure_no_auth: false,
            log: "info".to_owned(),
            log_format: LogFormat::default(),
            identity: Identity::default(),
            audit: Audit::default(),
            tls: Tls::default(),
            server: Server::default(),
            store: Store::default(),
            redis: Redis::default(),
            uploads: Uploads::default(),
            import: Import::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            web: Web::default(),
        }
    }
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

impl Default for Redis {
    fn default() -> Self {
        Self {
            location: Location::from(String::new()),
            cluster: false,
        }
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

impl Config {
    /// Loads the settings of the file, if there is one, and of the environment, which overrides the file. Flags may
    /// override both, so ranges are left to [`Config::check`].
    ///
    /// # Errors
    ///
    /// Fails if a source cannot be read, a key is not known, or a value has another kind.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let mut sources = config::Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let known = serde_json::to_value(Self::default()).unwrap_or_default();
        for (key, value) in environment::settings(std::env::vars_os(), &known)? {
            sources = sources.set_override(key, value)?;
        }
        Ok(sources.build()?.try_deserialize()?)
    }

    /// Whether callers have to authenticate.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.identity.api_keys || self.identity.jwt.is_on() || self.tls.asks_clients()
    }

    /// Returns the addresses to listen on, once each is checked for the machines that can reach it. A name is looked
    /// up here, so that the server listens on exactly the checked addresses.
    ///
    /// # Errors
    ///
    /// Fails if there is no address. Also fails if other machines can reach one, and callers are not authenticated or
    /// connections are not encrypted.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        let addresses = self.listen.addresses();
        let addresses = addresses.map_err(|source| Error::NoAddress {
            listen: self.listen.clone(),
            source,
        })?;
        for address in &addresses {
            self.check_reach(*address)?;
        }
        Ok(addresses)
    }

    /// Checks the settings of access: identity, TLS and the addresses.
    fn check_access(&self) -> Result<(), Error> {
        if let Some(missing) = self.identity.jwt.missing().or_else(|| self.tls.missing()) {
            return Err(Error::Missing(missing));
        }
        let has_identity = self.has_identity();
        if has_identity && self.insecure_no_auth {
            return Err(Error::Contradiction);
        }
        self.addresses().map(drop)
    }

    /// Checks that the server may listen on an address, given the machines that can reach it.
    fn check_reach(&self, address: SocketAddr) -> Result<(), Error> {
        if address.ip().is_loopback() || self.insecure_no_auth {
            return Ok(());
        }
        if !self.has_identity() {
            return Err(Error::NotLoopback(address));
        }
        if !self.tls.is_on() && !self.tls.behind_proxy {
            return Err(Error::NotPrivate(address));
        }
        Ok(())
    }

    /// Checks every value against its range.
    ///
    /// # Errors
    ///
    /// Fails with the first setting that is out of its range.
    pub fn check(&self) -> Result<(), Error> {
        self.check_access()?;
        self.store.location.check_store()?;
        let location = &self.redis.location;
        if !location.is_empty() && location.redis().is_none() {
            return Err(Error::NotRedis(location.clone()));
        }
        let Uploads {
            source_bytes_max,
            memory_bytes_max,
            idle_seconds_max,
            rate_window_seconds,
            slow_reader_seconds_max,
            ..
        } = self.uploads;
        let Retention {
            open_upload_seconds,
            operation_seconds,
            sweep_every_seconds,
            ..
        } = self.retention;
        let memory = (
            "uploads.memory_bytes_max",
            memory_bytes_max as u64,
            MEMORY_BYTES_MIN as u64,
        );
        let least = self.web.least().into_iter().chain(self.server.least());
        let values = [
            memory,
            (
                "store.connections_max",
                self.store.connections_max.into(),
                2,
            ),
            ("uploads.source_bytes_max", source_bytes_max, 1),
            ("uploads.idle_seconds_max", idle_seconds_max, 1),
            ("uploads.rate_window_seconds", rate_window_seconds, 1),
            (
                "uploads.slow_reader_seconds_max",
                slow_reader_seconds_max,
                1,
            ),
            ("retention.open_upload_seconds", open_upload_seconds, 1),
            ("retention.operation_seconds", operation_seconds, 1),
            ("retention.sweep_every_seconds", sweep_every_seconds, 1),
            ("audit.kept_seconds", self.audit.kept_seconds, 1),
        ];
        for (key, value, least) in values.into_iter().chain(least) {
            if value < least {
                let key = key.to_owned();
                return Err(Error::TooSmall { key, least });
            }
        }
        self.check_limits()
    }

    fn check_limits(&self) -> Result<(), Error> {
        for (key, rate) in self.limits.rates() {
            let has_rate = (rate::PER_SECOND_MIN..=rate::PER_SECOND_MAX).contains(&rate.per_second);
            if !has_rate || !(1..=rate::BURST_MAX).contains(&rate.burst) {
                return Err(Error::Rate { key });
            }
        }
        for (key, number) in self.limits.numbers() {
            if number == 0 {
                let (key, least) = (format!("limits.{key}"), 1);
                return Err(Error::TooSmall { key, least });
            }
        }
        Ok(self.web.check()?)
    }
}
