//! The settings of an instance: defaults, then a TOML file, then the environment, then flags.
//!
//! To add a setting: a field of its section with its unit in its name, its default, its least value, and a line in
//! `sluice.example.toml`; a test compares the two.

use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::addresses::listen::{self, Exposure, Listen, Protection};
pub use crate::config::error::Error;
use crate::config::log_format::LogFormat;
use crate::config::sections::audit::Audit;
use crate::config::sections::identity::{Identity, Tls};
use crate::config::sections::import::Import;
use crate::config::sections::limits::Limits;
use crate::config::sections::redis::Redis;
use crate::config::sections::retention::Retention;
use crate::config::sections::server::Server;
use crate::config::sections::store::Store;
use crate::config::sections::tokenizers::Tokenizers;
use crate::config::sections::uploads::Uploads;
use crate::config::sections::web::Web;
use crate::domain::limits::rate;
use crate::domain::names::resource::TenantId;

pub mod addresses;
pub mod client;
pub mod environment;
mod error;
pub mod log_format;
pub mod sections;
pub mod terminal;

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
    /// Tokenizers in files.
    pub tokenizers: Tokenizers,
    /// Retention times.
    pub retention: Retention,
    /// Rate limits and concurrency limits.
    pub limits: Limits,
    /// Browsers and watchers.
    pub web: Web,
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
            tokenizers: Tokenizers::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            web: Web::default(),
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
        let protection = Protection {
            is_authenticated: self.has_identity(),
            is_encrypted: self.tls.is_on() || self.tls.behind_proxy,
            is_waived: self.insecure_no_auth,
        };
        for address in &addresses {
            let checked = listen::check_reach(*address, protection);
            checked.map_err(|exposure| match exposure {
                Exposure::Unauthenticated => Error::NotLoopback(*address),
                Exposure::Unencrypted => Error::NotPrivate(*address),
            })?;
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
        let least = (self.store.least().into_iter())
            .chain(self.uploads.least())
            .chain(self.retention.least())
            .chain(self.audit.least())
            .chain(self.web.least())
            .chain(self.server.least());
        for (key, value, least) in least {
            if value < least {
                let key = key.to_owned();
                return Err(Error::TooSmall { key, least });
            }
        }
        self.check_limits()
    }

    fn check_limits(&self) -> Result<(), Error> {
        for name in self.limits.tenants.keys() {
            TenantId::parse(name).map_err(|source| Error::Tenant {
                name: name.clone(),
                source,
            })?;
        }
        for (key, rate) in self.limits.rates() {
            let has_rate = (rate::PER_SECOND_MIN..=rate::PER_SECOND_MAX).contains(&rate.per_second);
            if !has_rate || !(1..=rate::BURST_MAX).contains(&rate.burst) {
                return Err(Error::Rate { key });
            }
        }
        for (key, number) in self.limits.numbers() {
            if number == 0 {
                let key = format!("limits.{key}");
                return Err(Error::TooSmall { key, least: 1 });
            }
        }
        Ok(self.web.check()?)
    }
}
