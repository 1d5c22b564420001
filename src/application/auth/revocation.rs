//! Closes the streams and sockets of revoked credentials: checks the credentials of all open sessions at an interval.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::auth::authenticator::Authenticator;

/// The interval at which open sessions are revalidated. A cached key admits callers for 3 s after its revocation
/// (`FRESH` in `ttl_cache`). With this interval and a query, the caller is disconnected within 5 s,
/// unless the store is slow.
const CHECK_INTERVAL: Duration = Duration::from_millis(1_500);
/// The longest time to revalidate [`ROWS_MAX`] credentials: a query that hangs must not stop later checks.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// The most credentials of one query.
const ROWS_MAX: usize = 500;

/// Revalidates all open sessions at each `CHECK_INTERVAL`, until the server shuts down.
pub async fn run(authenticator: Arc<Authenticator>, drain: CancellationToken) {
    while drain
        .run_until_cancelled(tokio::time::sleep(CHECK_INTERVAL))
        .await
        .is_some()
    {
        drain.run_until_cancelled(check(&authenticator)).await;
    }
}

/// Ends each session whose credential is no longer valid.
async fn check(authenticator: &Authenticator) {
    for here in authenticator.open_sessions().all().chunks(ROWS_MAX) {
        let credentials = here.iter().map(|session| session.credential());
        let credentials = credentials.collect::<Vec<_>>();
        let refused = authenticator.refused(&credentials);
        let Ok(refused) = tokio::time::timeout(CHECK_TIMEOUT, refused).await else {
            continue;
        };
        for (session, _) in here.iter().zip(refused).filter(|(_, is)| *is) {
            session.end();
        }
    }
}
