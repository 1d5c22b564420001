//! Streams that are resumed after lost connections, without gaps or duplicates.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::{Status, Streaming};

use crate::cli::calls::backoff::jittered;
use crate::cli::calls::failure::{Faults, is_passing};
use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;
use crate::cli::terminal::output;

/// The longest time that a follower tries to reconnect.
pub(crate) const AWAY_MAX: Duration = Duration::from_hours(24);

/// A reader of a stream that knows its position in it.
pub(crate) trait Follower {
    type Message;

    /// Opens the stream after the last message taken.
    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status>;

    /// Takes the next message. Returns `Break` after the last one.
    fn take(&mut self, message: Self::Message) -> anyhow::Result<ControlFlow<()>>;
}

/// Follows a stream to its end. A server that does not answer the first call is an error. If the connection is lost
/// later, the follower reconnects for up to `away_max`.
///
/// # Errors
///
/// Fails with a final status, or if the server is away for longer than `away_max`.
pub(crate) async fn follow(
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

/// Failures since the last message.
#[derive(Debug, Default)]
struct Failures {
    tries: u32,
    faults: Faults,
}

impl Failures {
    /// Counts a failure. Returns `true` if another attempt cannot succeed.
    fn are_final_with(&mut self, status: &Status, connection: &Connection) -> bool {
        self.faults.are_too_many_with(status) || !is_passing(status, connection)
    }
}

/// Reads until the stream ends or fails. Returns `None` at the end, else the status and whether a message was
/// received.
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

/// Reconnects, and writes a note when the connection is lost and when it is back.
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
    output::note(&format!("{what}; reconnecting for up to {hours}h"));
    let since = Instant::now();
    while since.elapsed() < away_max {
        failures.tries += 1;
        sleep(jittered(failures.tries)).await;
        match follower.open(connection.clone()).await {
            Ok(stream) => {
                output::note(&format!("{url} is back: resuming"));
                return Ok(stream);
            }
            Err(next) if failures.are_final_with(&next, connection) => return Err(next.into()),
            Err(next) => status = next,
        }
    }
    Err(status.into())
}
