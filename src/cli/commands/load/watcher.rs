//! A watcher: it follows an operation to its end, on another server if one is gone.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::sync::{Semaphore, watch};

use crate::cli::commands::load::feed::{Feed, Wanted};
use crate::cli::commands::load::seen::Seen;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::shown::Shown;

/// Watches that are opened at a time: a listener's queue holds a thousand.
const OPENINGS_MAX: usize = 64;
/// How long after a failure the next server is tried.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long after its last state a watcher asks whether there is more: all others have theirs by then, and
/// are not held up by the question.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The ways to the servers, and how many watchers have gone them.
#[derive(Debug)]
pub(super) struct Ways {
    servers: Vec<SocketAddr>,
    /// Who watch, one watcher after the other; at least one.
    shown: Vec<Shown>,
    /// Connections of gRPC, one a server each; none: every watcher has a WebSocket of its own.
    connections: Vec<Vec<Connection>>,
    /// Watchers that share one of these.
    watchers_per_connection: usize,
    openings: Semaphore,
    /// How many watchers a server has answered.
    pub(super) attached: watch::Sender<usize>,
}

impl Ways {
    /// So many connections of gRPC to each server, which connect when they are used, for so many
    /// watchers each.
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

    /// Opens a watcher's watch; each further try is on the next server.
    async fn open(&self, number: usize, tries: usize, wanted: Wanted<'_>) -> anyhow::Result<Feed> {
        let _opening = self.openings.acquire().await?;
        if self.connections.is_empty() {
            let server = self.servers[(number + tries) % self.servers.len()];
            return Feed::socket(server, wanted).await;
        }
        // Watchers of a connection are on one server, and go to the same one from there.
        let connection = number / self.watchers_per_connection;
        let channels = &self.connections[connection];
        Feed::stream(&channels[(connection + tries) % channels.len()], wanted).await
    }
}

/// A watcher before it begins.
#[derive(Debug)]
pub(super) struct Watcher {
    /// operations/{operation}.
    pub(super) operation: String,
    /// Its number, which decides where it begins.
    pub(super) number: usize,
}

impl Watcher {
    /// Watches to the end; one that reads nothing never ends.
    pub(super) async fn follow(&self, ways: &Ways, seen: &mut Seen) {
        let mut tries = 0;
        // Ends when whoever started it has waited long enough.
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

    /// Hears what one server tells.
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
                bail!("it ended before its last state");
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
    reason = "how late news is, is told by the clock that the servers on this machine have too"
)]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
