//! Builds an instance: store, use cases, server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::audit::verify::Report;
use crate::application::ports::import_root::ImportRoot;
use crate::application::ports::memory_usage::Memory;
use crate::application::ports::store::Store;
use crate::bootstrap::listening::listen;
use crate::bootstrap::tls_and_jwt::Access;
use crate::bootstrap::wiring::Wiring;
use crate::config::Config;
use crate::config::addresses::store_url::Location;
use crate::config::sections::{import, store};
use crate::domain::audit::Head;
use crate::domain::identity::secret::Secret;
use crate::infrastructure::cgroup_memory;
use crate::infrastructure::import_root::{HardLinks, Root};
use crate::infrastructure::postgres::connection::{self, Postgres};
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::interface::server;

mod admin;
mod from_config;
mod limits;
mod listening;
mod metrics_recorder;
mod redis_backends;
mod tls_and_jwt;
pub mod tokenizers;
mod wiring;
mod workers;

/// The maximum time for writing the end of the audit log. With the 20 seconds for requests under way an instance
/// stops within 25 seconds, even if its store does not answer.
const WRITE_MAX: Duration = Duration::from_secs(3);

/// A running instance.
#[derive(Debug)]
pub struct Instance {
    /// The address that it listens on, or the first of several.
    pub address: SocketAddr,
    /// All addresses that it listens on.
    pub addresses: Vec<SocketAddr>,
    drain: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
}

impl Instance {
    /// Opens the store and starts to listen.
    ///
    /// # Errors
    ///
    /// Fails if a setting is wrong, or if the address is not of this machine or is in use. Also fails if the store or
    /// the import root cannot be opened.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        config.check()?;
        let memory = cgroup_memory::MemorySource::open(config.server.memory_bytes_max);
        let config = &from_config::fitted(config, memory.most());
        let addresses = config.addresses()?;
        let location = &config.store.location;
        let store = open(&config.store).await;
        let store = store.with_context(|| location.to_string())?;
        let root = import_root(&config.import).context("import.root")?;
        let specs = tokenizers::spec_loader(&config.tokenizers.root).context("tokenizers.root")?;
        let is_open = !addresses.iter().all(|address| address.ip().is_loopback());
        if config.insecure_no_auth && is_open {
            tracing::warn!(listen = %config.listen, "EVERY CLIENT THAT REACHES THIS ADDRESS MAY DO EVERYTHING: insecure_no_auth is set");
        }
        let listeners = listen(&addresses).await?;
        let addresses = listeners.iter().map(TcpListener::local_addr);
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        let address = addresses[0];
        let drain = CancellationToken::new();
        let tasks = TaskTracker::new();
        let Access { issued, tls } = Access::open(config, &tasks, &drain)?;
        let around = (tasks.clone(), drain.clone());
        let wired = Wiring::new(Arc::clone(&store), (root, issued, specs), config, around).await?;
        let (wiring, writer) = wired;
        // Installed first: metrics recorded earlier would be dropped.
        let recorder = metrics_recorder::recorder()?;
        wiring.work();
        let pressure = wiring.pressure.clone();
        tasks.spawn(pressure.clone().watch(Arc::new(memory), drain.clone()));
        tasks.spawn(metrics_recorder::keep_up(recorder.clone(), drain.clone()));
        let services = wiring.services(config, recorder);
        let settings = from_config::server_settings(config, listeners, tls, pressure);
        let stop = drain.clone();
        // Not among the tasks: the actions of tasks until their end are written too.
        let recording = CancellationToken::new();
        let writing = tokio::spawn(writer.run(recording.clone()));
        let server = tokio::spawn(async move {
            let served = server::serve(settings, services, tasks, stop).await;
            recording.cancel();
            if tokio::time::timeout(WRITE_MAX, writing).await.is_err() {
                tracing::error!("the end of the audit log could not be written in time");
            }
            store.close().await;
            Ok(served?)
        });
        tracing::info!(%address, store = %location, "listening");
        Ok(Self {
            address,
            addresses,
            drain,
            server,
        })
    }

    /// Stops the instance: requests under way are notified, committed and answered.
    ///
    /// # Errors
    ///
    /// Fails if the server has failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.drain.cancel();
        self.server.await?
    }
}

/// Migrates the database at that address to the schema of this program.
///
/// # Errors
///
/// Fails if the location is not a database, or if the database cannot be reached or refuses a statement.
pub async fn migrate(location: &Location) -> anyhow::Result<()> {
    location.check_store()?;
    let address = location
        .database()
        .context("only a database is migrated here; a file is migrated when opened")?;
    connection::migrate(address)
        .await
        .with_context(|| location.to_string())
}

/// Creates the first operator's key, offline. `None` if there is one that works and `force` is not set.
///
/// # Errors
///
/// Fails if the store cannot be opened, or refuses the key.
pub async fn first_key(config: &store::Store, force: bool) -> anyhow::Result<Option<Secret>> {
    let store = open(config).await;
    let store = store.with_context(|| config.location.to_string())?;
    let key = admin::first_key(&store, force).await;
    store.close().await;
    key
}

/// Verifies the audit log against its signatures, and against heads that were reported before. Works offline or
/// beside servers.
///
/// # Errors
///
/// Fails if the store or the key cannot be read. A missing file is not created: its log could only be empty.
pub async fn audited(config: &Config, printed: &[Head]) -> anyhow::Result<Report> {
    let location = &config.store.location;
    let is_missing = location.database().is_none() && !location.file().exists();
    anyhow::ensure!(
        !is_missing,
        "{location} does not exist: name the store of the server"
    );
    let store = open(&config.store).await;
    let store = store.with_context(|| config.store.location.to_string())?;
    let report = admin::audited(&store, &config.audit.key_file, printed).await;
    store.close().await;
    report
}

async fn open(store: &store::Store) -> anyhow::Result<Arc<dyn Store>> {
    store.location.check_store()?;
    Ok(match store.location.database() {
        Some(address) => Arc::new(Postgres::open(address, store.connections_max).await?),
        None => Arc::new(Sqlite::open(store.location.file()).await?),
    })
}

/// Opens the directory to import from. `None` if its name is empty.
fn import_root(import: &import::Import) -> std::io::Result<Option<Arc<dyn ImportRoot>>> {
    if import.root.as_os_str().is_empty() {
        return Ok(None);
    }
    let hard_links = match import.hard_links {
        import::HardLinks::Allow => HardLinks::Allow,
        import::HardLinks::Refuse => HardLinks::Refuse,
    };
    Ok(Some(Arc::new(Root::open(&import.root, hard_links)?)))
}
