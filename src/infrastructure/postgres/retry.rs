//! How long a statement may take, and how often a transaction is tried.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::application::ports::store_error::Error;
use crate::infrastructure::postgres::error::{failed, found_no_connection, may_pass_soon};

/// The longest that a read waits for its rows: then the server is as good as gone.
const READ_MAX: Duration = Duration::from_secs(10);
/// The longest that a transaction takes. A server that stands still for half a minute holds up its
/// writers, and loses none.
const WRITE_MAX: Duration = Duration::from_mins(1);
/// How often a transaction is tried: what meets twice in a row is rare, and a server that is gone
/// for longer is for the client to wait for.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause before the second attempt; before each later one it is five times as long.
const PAUSE_MAX: Duration = Duration::from_millis(40);

/// The rows of a statement, in time.
pub(super) async fn read<T>(
    rows: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, Error> {
    look_up(async { rows.await.map_err(failed) }).await
}

/// The same for what transactions look up too: there nothing is late but the whole.
pub(super) async fn look_up<T>(
    found: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    match tokio::time::timeout(READ_MAX, found).await {
        Ok(found) => found,
        Err(late) => Err(Error::Unavailable(Box::new(late))),
    }
}

/// Tries a transaction until it is done, fails for good, or was tried often enough. `attempt` is
/// given how often it was tried before: from 1 on the transaction may have been committed, and only
/// the answer lost.
pub(super) async fn transact<T, F>(attempt: impl Fn(u32) -> F + Send + Sync) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    within(Duration::ZERO, attempt).await
}

/// The same for what an upload has brought: it also waits for a connection as long as for an answer.
/// While it waits no more is read from its client.
pub(super) async fn transact_patiently<T, F>(
    attempt: impl Fn(u32) -> F + Send + Sync,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    within(WRITE_MAX, attempt).await
}

async fn within<T, F>(
    patience: Duration,
    attempt: impl Fn(u32) -> F + Send + Sync,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    let (begun, mut before) = (Instant::now(), 0);
    loop {
        let error = match tokio::time::timeout(WRITE_MAX, attempt(before)).await {
            // It has waited already, and nothing was begun.
            Ok(Err(error)) if found_no_connection(&error) && begun.elapsed() < patience => continue,
            Ok(Err(error)) if may_pass_soon(&error) => error,
            Ok(answer) => return answer,
            Err(late) => return Err(Error::Unavailable(Box::new(late))),
        };
        before += 1;
        if before == ATTEMPTS_MAX {
            return Err(error);
        }
        tokio::time::sleep(pause(before)).await;
    }
}

/// A pause of random length, so that what has met does not meet again.
fn pause(before: u32) -> Duration {
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    PAUSE_MAX * 5_u32.pow(before - 1) * random / 256
}
