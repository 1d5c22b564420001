//! Puts an instance together: store, use cases, server.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bootstrap::wiring::Wiring;
use crate::config::Config;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::interface::grpc::server;

mod wiring;

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
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        config.check()?;
        let (listen, database) = (config.listen, &config.database);
        let store = Sqlite::open(database).await;
        let store = Arc::new(store.with_context(|| format!("{}", database.display()))?);
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen}"))?;
        let address = listener.local_addr()?;
        let (drain, tasks) = (CancellationToken::new(), TaskTracker::new());
        let dynamic = Arc::<Sqlite>::clone(&store);
        let wiring = Wiring::new(dynamic, config, tasks.clone(), drain.clone()).await?;
        tasks.spawn(wiring.runner().run(drain.clone()));
        tasks.spawn(wiring.rechunker().run(drain.clone()));
        let services = wiring.services();
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
