//! How an instance is configured: defaults, then a TOML file, then the environment, then flags.
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

/// The least that uploads need: five eighths of it are places, 16 of them; who needs more than the rest may
/// have all of the rest.
pub const MEMORY_BYTES_MIN: usize = 16 << 20;

/// The settings of an instance.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where it listens: an address of this machine only, unless it can tell who asks. A part that is
    /// left out is that of `127.0.0.1:50051`; port 0 takes a free one; of a name, all addresses are taken.
    pub listen: Listen,
    /// Names by which clients may call it, besides those of this machine. Empty: with identity, or
    /// `insecure_no_auth`, any; else none.
    pub hosts: Vec<String>,
    /// Whether everybody may do everything, from other machines too.
    pub insecure_no_auth: bool,
    /// What is logged, as `tracing` filters say it.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Who may ask.
    pub identity: Identity,
    /// What is kept of who did what.
    pub audit: Audit,
    /// How connections are kept private.
    pub tls: Tls,
    /// What the server itself may take.
    pub server: Server,
    /// Where everything is kept.
    pub store: Store,
    /// What instances share besides the store.
    pub redis: Redis,
    /// What uploads may take.
    pub uploads: Uploads,
    /// What the server may read by itself.
    pub import: Import,
    /// When what is forgotten.
    pub retention: Retention,
    /// How often what may be done, and how much of it at once.
    pub limits: Limits,
    /// What browsers and watchers may do.
    pub web: Web,
}

/// Where everything is kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// A file or a database.
    pub location: Location,
    /// How many connections an instance has to a database, from 2.
    pub connections_max: u32,
}

/// What instances share besides the store: news, and rates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// The address of a Redis, `redis://host:port`; empty for none.
    pub location: Location,
    /// Whether it is a node of a Redis Cluster, which leads to the others.
    pub cluster: bool,
}

/// What uploads may take.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// The longest source, from 1.
    pub source_bytes_max: u64,
    /// What all uploads together may hold, from 16 MiB.
    pub memory_bytes_max: usize,
    /// How long an upload waits for memory before it is told to come back.
    pub memory_wait_seconds_max: u64,
    /// How long a client may send nothing, from 1; an empty message counts as something.
    pub idle_seconds_max: u64,
    /// What a client must send a second, on average; an empty message restarts the measurement.
    pub rate_bytes_min: u64,
    /// Over how much waiting for the client its rate is measured, from 1.
    pub rate_window_seconds: u64,
    /// How long a client of a bidirectional stream may read nothing, from 1.
    pub slow_reader_seconds_max: u64,
}

/// When what is forgotten.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long the chunks of a version are kept after a newer one became current, and those that a
    /// document has left after it was moved.
    pub old_version_seconds: u64,
    /// How long an upload waits for somebody to go on with it, from 1.
    pub open_upload_seconds: u64,
    /// How long operations and changes can be asked for after their end, from 1.
    pub operation_seconds: u64,
    /// How often it is looked for what there is to forget, from 1.
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
    /// In that file.
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
            // Uploads write by turns: more connections are no faster on a few cores, and the
            // server has a hundred for all instances.
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
            // With what the program and its connections take, the server stays under 100 MB.
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
            // Readers of the old version, and followers of changes, come to their end.
            old_version_seconds: 60 * 60,
            open_upload_seconds: 7 * 24 * 60 * 60,
            operation_seconds: 30 * 24 * 60 * 60,
            sweep_every_seconds: 10,
        }
    }
}

impl Config {
    /// The settings of the file, if there is one, and of the environment over it. Flags may go over
    /// both, so ranges are for [`Config::check`].
    ///
    /// # Errors
    ///
    /// Fails if a source cannot be read, a key is not known, or a value is of another kind.
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

    /// Whether callers have to say who they are.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.identity.api_keys || self.identity.jwt.is_on() || self.tls.asks_clients()
    }

    /// Where it listens: addresses that may be reached by those who reach them. A name is looked up, so
    /// that what is checked is what is listened at.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if others than this machine reach one and everybody would be let in.
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

    /// Checks who may do what.
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

    /// Checks who may reach the server at an address.
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
