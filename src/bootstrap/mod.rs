//! Puts an instance together: store, use cases, server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::chunks::Chunks;
use crate::application::collections::Collections;
use crate::application::ingest::pipeline::Outside;
use crate::application::ports::clock::Clock;
use crate::application::ports::store::Store;
use crate::application::uploads::Uploads;
use crate::application::watch::{Bus, Watching};
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::system::System;
use crate::interface::grpc::server::{self, Services};

/// What an instance is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens: an address of this machine only, until it can tell who asks. Port 0 takes
    /// a free one.
    pub listen: SocketAddr,
    /// The file of the embedded store.
    pub database: PathBuf,
}

/// A running instance.
#[derive(Debug)]
pub struct Instance {
    /// Where it listens.
    pub address: SocketAddr,
    drain: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
}

impl Instance {
    /// Opens the store and starts to listen.
    ///
    /// # Errors
    ///
    /// Fails if the address is not of this machine or is in use, or the store cannot be opened.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let Settings { listen, database } = settings;
        ensure!(
            listen.ip().is_loopback(),
            "{listen} can be reached from other machines, but no identity is configured: listen on 127.0.0.1"
        );
        let store = Sqlite::open(&database).await;
        let store = Arc::new(store.with_context(|| format!("{}", database.display()))?);
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen}"))?;
        let address = listener.local_addr()?;
        let (drain, tasks) = (CancellationToken::new(), TaskTracker::new());
        let services = services(Arc::<Sqlite>::clone(&store), &tasks, &drain);
        let stop = drain.clone();
        let server = tokio::spawn(async move {
            let served = server::serve(listener, services, tasks, stop).await;
            store.close().await;
            Ok(served?)
        });
        tracing::info!(%address, database = %database.display(), "listening");
        Ok(Self {
            address,
            drain,
            server,
        })
    }

    /// Stops: requests under way are told, committed and answered.
    ///
    /// # Errors
    ///
    /// Fails if the server did.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.drain.cancel();
        self.server.await?
    }
}

fn services(store: Arc<dyn Store>, tasks: &TaskTracker, drain: &CancellationToken) -> Services {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let bus = Arc::new(Bus::default());
    let outside = Outside {
        store: Arc::clone(&store),
        bus: Arc::clone(&bus),
        clock: Arc::clone(&clock),
        tasks: tasks.clone(),
    };
    Services {
        collections: Collections::new(Arc::clone(&store), Arc::clone(&clock)),
        uploads: Uploads::new(outside),
        chunks: Chunks::new(
            Arc::clone(&store),
            Arc::clone(&bus),
            tasks.clone(),
            drain.clone(),
        ),
        watching: Watching::new(Arc::clone(&store), bus, tasks.clone(), drain.clone()),
        store,
        clock,
    }
}
