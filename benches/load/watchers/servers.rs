//! The connections to the servers.

use std::net::SocketAddr;

use tokio::sync::{Semaphore, watch};
use tonic::transport::{Channel, Endpoint};

use super::credential::Credential;
use super::subscription::{Subscription, Watch};

/// Watches that are opened concurrently. The queue of a listener holds a thousand.
const OPENINGS_MAX: usize = 64;
/// The flow control window: large enough for many watches of small messages on one connection (RUSTSEC-2026-0258).
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;

/// The connections to the servers, and the number of watchers that have used them.
#[derive(Debug)]
pub(super) struct Servers {
    addresses: Vec<SocketAddr>,
    /// The credentials, which the watchers use in turn; at least one.
    pub(super) credentials: Vec<Credential>,
    /// The gRPC connections, each with one channel per server. Empty if every watcher has a WebSocket of its own.
    connections: Vec<Vec<Channel>>,
    /// Watchers that share a gRPC connection.
    watchers_per_connection: usize,
    openings: Semaphore,
    /// The number of watchers that a server has answered.
    pub(super) attached: watch::Sender<usize>,
}

impl Servers {
    /// Returns `connections` gRPC connections to each server, which connect on first use. Each is for
    /// `watchers_per_connection` watchers.
    pub(super) fn new(
        addresses: &[SocketAddr],
        credentials: Vec<Credential>,
        connections: usize,
        watchers_per_connection: usize,
    ) -> anyhow::Result<Self> {
        let each = |_| {
            let channels = addresses.iter().map(|address| connect(*address));
            channels.collect::<anyhow::Result<Vec<_>>>()
        };
        Ok(Self {
            addresses: addresses.to_vec(),
            credentials,
            connections: (0..connections).map(each).collect::<Result<_, _>>()?,
            watchers_per_connection,
            openings: Semaphore::new(OPENINGS_MAX),
            attached: watch::Sender::new(0),
        })
    }

    /// Opens the watch of a watcher. Each further attempt uses the next server.
    pub(super) async fn open(
        &self,
        number: usize,
        tries: usize,
        watch: Watch<'_>,
    ) -> anyhow::Result<Subscription> {
        let _opening = self.openings.acquire().await?;
        if self.connections.is_empty() {
            let address = self.addresses[(number + tries) % self.addresses.len()];
            return Subscription::socket(address, watch).await;
        }
        // The watchers of a connection share one server, and change to the same next one.
        let connection = number / self.watchers_per_connection;
        let channels = &self.connections[connection];
        Subscription::stream(&channels[(connection + tries) % channels.len()], watch).await
    }
}

/// Returns a connection that is opened on first use, and again when necessary.
pub(super) fn connect(address: SocketAddr) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(endpoint
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .connect_lazy())
}
