//! Limits how long a statement may take, and how often a transaction is retried.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::application::store_error::Error;
use crate::infrastructure::postgres::error::{failed, found_no_connection, may_pass_soon};

/// The longest time a read waits for its rows. After it, the server counts as unavailable.
const READ_MAX: Duration = Duration::from_secs(10);
/// The longest time a transaction may take. A server that stalls for half a minute delays its writers, but fails
/// none.
const WRITE_MAX: Duration = Duration::from_mins(1);
/// The number of attempts for a transaction. Two conflicts in a row are rare. If the server is away for longer, the
/// client retries.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause before the second attempt. Each later pause may be five times as long.
const PAUSE_MAX: Duration = Duration::from_millis(40);

/// Runs a read statement, for at most [`READ_MAX`].
pub(super) async fn read<T>(
    rows: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, Error> {
    look_up(async { rows.await.map_err(failed) }).await
}

/// The same for queries that transactions use too. Within a transaction only the whole has a time limit.
pub(super) async fn look_up<T>(
    found: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    match tokio::time::timeout(READ_MAX, found).await {
        Ok(found) => found,
        Err(late) => Err(Error::Unavailable(Box::new(late))),
    }
}

/// Runs a transaction until it succeeds, fails permanently, or has used all its attempts. `attempt` receives the
/// number of earlier attempts. From 1 on, an earlier attempt may have been committed and only its answer lost.
pub(super) async fn transact<T, F>(attempt: impl Fn(u32) -> F + Send + Sync) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    within(Duration::ZERO, attempt).await
}

/// The same for the data of an upload: it also waits up to [`WRITE_MAX`] for a connection. Meanwhile no more data is
/// read from the client.
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
    let begun = Instant::now();
    let mut before = 0;
    loop {
        let error = match tokio::time::timeout(WRITE_MAX, attempt(before)).await {
            // The attempt has waited already, and started nothing.
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

/// Returns a pause of random length, so that conflicting transactions do not conflict again.
fn pause(before: u32) -> Duration {
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    PAUSE_MAX * 5_u32.pow(before - 1) * random / 256
}
