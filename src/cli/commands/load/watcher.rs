//! A watcher, which follows an operation to its end and changes the server if one is gone.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::sync::{Semaphore, watch};

use crate::cli::commands::load::feed::{Feed, Wanted};
use crate::cli::commands::load::seen::Seen;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::shown::Shown;

/// Watches that are opened concurrently. The queue of a listener holds a thousand.
const OPENINGS_MAX: usize = 64;
/// The wait after a failure, before the next server is tried.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// The wait after the last state, before a watcher checks that no state follows. All other watchers have received
/// theirs by then, so the check does not delay them.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The connections to the servers, and the number of watchers that have used them.
#[derive(Debug)]
pub(super) struct Ways {
    servers: Vec<SocketAddr>,
    /// The credentials, which the watchers use in turn; at least one.
    shown: Vec<Shown>,
    /// The gRPC connections, each with one channel per server. Empty if every watcher has a WebSocket of its own.
    connections: Vec<Vec<Connection>>,
    /// Watchers that share a gRPC connection.
    watchers_per_connection: usize,
    openings: Semaphore,
    /// The number of watchers that a server has answered.
    pub(super) attached: watch::Sender<usize>,
}

impl Ways {
    /// Returns `connections` gRPC connections to each server, which connect on first use. Each is for
    /// `watchers_per_connection` watchers.
    pub(super) fn new(
        servers: &[SocketAddr],
        shown: Vec<Shown>,
        connections: usize,
        watchers_per_connection: usize,
    ) -> anyhow::Result<Self> {
        let each = |_| {
            let to = |server| Connection::new(server, None, Shown::default());
            let channels = servers.iter().map(|server| to((*server).into()));
            channels.collect::<anyhow::Result<Vec<_>>>()
        };
        Ok(Self {
            servers: servers.to_vec(),
            shown,
            connections: (0..connections).map(each).collect::<Result<_, _>>()?,
            watchers_per_connection,
            openings: Semaphore::new(OPENINGS_MAX),
            attached: watch::Sender::new(0),
        })
    }

    /// Opens the watch of a watcher. Each further attempt uses the next server.
    async fn open(&self, number: usize, tries: usize, wanted: Wanted<'_>) -> anyhow::Result<Feed> {
        let _opening = self.openings.acquire().await?;
        if self.connections.is_empty() {
            let server = self.servers[(number + tries) % self.servers.len()];
            return Feed::socket(server, wanted).await;
        }
        // The watchers of a connection share one server, and change to the same next one.
        let connection = number / self.watchers_per_connection;
        let channels = &self.connections[connection];
        Feed::stream(&channels[(connection + tries) % channels.len()], wanted).await
    }
}

/// A watcher that has not started.
#[derive(Debug)]
pub(super) struct Watcher {
    /// Operation, as operations/{operation}.
    pub(super) operation: String,
    /// The number of the watcher, which decides its first server.
    pub(super) number: usize,
}

impl Watcher {
    /// Watches to the end. A watcher that reads nothing never ends.
    pub(super) async fn follow(&self, ways: &Ways, seen: &mut Seen) {
        let mut tries = 0;
        // The caller cancels this future when it has waited long enough.
        while !seen.has_ended {
            let is_open = &mut false;
            if let Err(why) = self.hear(ways, tries, seen, is_open).await {
                if *is_open {
                    seen.closed(&why);
                }
                tries += 1;
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Receives states from one server.
    async fn hear(
        &self,
        ways: &Ways,
        tries: usize,
        seen: &mut Seen,
        is_open: &mut bool,
    ) -> anyhow::Result<()> {
        let wanted = Wanted {
            shown: &ways.shown[self.number % ways.shown.len()],
            operation: &self.operation,
            after_seq: seen.seq,
            is_stalled: seen.is_stalled,
        };
        let mut feed = ways.open(self.number, tries, wanted).await?;
        *is_open = true;
        seen.opened();
        if seen.is_stalled {
            ways.attached.send_modify(|attached| *attached += 1);
            std::future::pending::<()>().await;
        }
        while !seen.has_ended {
            let is_first = seen.seq == 0;
            let Some(state) = feed.next().await? else {
                bail!("the watch ended before the last state");
            };
            seen.told(state, Instant::now(), now());
            if is_first {
                ways.attached.send_modify(|attached| *attached += 1);
            }
        }
        tokio::time::sleep(SETTLED_AFTER).await;
        if let Some(more) = feed.after_the_last().await? {
            seen.told(more, Instant::now(), now());
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the delay of a state is measured with the clock that the servers on this machine share"
)]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
