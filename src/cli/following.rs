//! Streams that are followed over lost connections: nothing is lost, and nothing comes twice.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::{Status, Streaming};

use crate::cli::backoff::jittered;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;
use crate::cli::failure::{Faults, is_passing};
use crate::cli::output;

/// How long a follower waits for a server that is away.
pub(super) const AWAY_MAX: Duration = Duration::from_hours(24);

/// What follows a stream, and knows its place in it.
pub(super) trait Follower {
    type Message;

    /// Opens the stream behind what was taken.
    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status>;

    /// Takes the next message; breaks after the last one.
    fn take(&mut self, message: Self::Message) -> anyhow::Result<ControlFlow<()>>;
}

/// Follows a stream to its end. A server that does not answer at first is an error; one that is lost
/// later is connected to again for so long.
///
/// # Errors
///
/// Fails with an answer that is final, or if the server is away for too long.
pub(super) async fn follow(
    follower: &mut impl Follower,
    connection: &Connection,
    away_max: Duration,
) -> anyhow::Result<()> {
    let mut stream = follower.open(connection.clone()).await?;
    let mut failures = Failures::default();
    loop {
        let Some((status, has_taken)) = read(follower, stream).await? else {
            return Ok(());
        };
        if has_taken {
            failures = Failures::default();
        }
        if away_max.is_zero() || failures.are_final_with(&status, connection) {
            return Err(status.into());
        }
        stream = reopen(follower, connection, status, (away_max, &mut failures)).await?;
    }
}

/// Failures since something came.
#[derive(Debug, Default)]
struct Failures {
    tries: u32,
    faults: Faults,
}

impl Failures {
    /// Counts a failure. `true` means that another try would not do better.
    fn are_final_with(&mut self, status: &Status, connection: &Connection) -> bool {
        self.faults.are_too_many_with(status) || !is_passing(status, connection)
    }
}

/// Reads until the end, or until the stream fails: then tells whether anything came before.
async fn read<F: Follower>(
    follower: &mut F,
    mut stream: Streaming<F::Message>,
) -> anyhow::Result<Option<(Status, bool)>> {
    let mut has_taken = false;
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                has_taken = true;
                if follower.take(message)?.is_break() {
                    return Ok(None);
                }
            }
            Ok(None) => return Ok(None),
            Err(status) => return Ok(Some((status, has_taken))),
        }
    }
}

/// Connects again, and tells when the connection is lost and when it is back.
async fn reopen<F: Follower>(
    follower: &mut F,
    connection: &Connection,
    mut status: Status,
    (away_max, failures): (Duration, &mut Failures),
) -> anyhow::Result<Streaming<F::Message>> {
    let url = connection.url();
    let what = match Unreached::of(&status) {
        Some(_) => status.message().to_owned(),
        None => format!("{url}: {} ({:?})", status.message(), status.code()),
    };
    let hours = away_max.as_secs() / 3_600;
    output::note(&format!("{what}; connecting again for up to {hours}h"));
    let since = Instant::now();
    while since.elapsed() < away_max {
        failures.tries += 1;
        sleep(jittered(failures.tries)).await;
        match follower.open(connection.clone()).await {
            Ok(stream) => {
                output::note(&format!("{url} is back: going on"));
                return Ok(stream);
            }
            Err(next) if failures.are_final_with(&next, connection) => return Err(next.into()),
            Err(next) => status = next,
        }
    }
    Err(status.into())
}
