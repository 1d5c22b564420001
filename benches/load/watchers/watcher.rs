//! A watcher, which follows an operation to its end and changes the server if one is gone.

use std::time::{Duration, Instant};

use anyhow::bail;

use super::observations::Observations;
use super::servers::Servers;
use super::subscription::Watch;

/// The wait after a failure, before the next server is tried.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// The wait after the last state, before a watcher checks that no state follows. All other watchers have received
/// theirs by then, so the check does not delay them.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

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
    pub(super) async fn follow(&self, servers: &Servers, observations: &mut Observations) {
        let mut tries = 0;
        // The caller cancels this future when it has waited long enough.
        while !observations.has_ended {
            let is_open = &mut false;
            if let Err(error) = self.receive(servers, tries, observations, is_open).await {
                if *is_open {
                    observations.closed(&error);
                }
                tries += 1;
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Receives states from one server.
    async fn receive(
        &self,
        servers: &Servers,
        tries: usize,
        observations: &mut Observations,
        is_open: &mut bool,
    ) -> anyhow::Result<()> {
        let watch = Watch {
            credential: &servers.credentials[self.number % servers.credentials.len()],
            operation: &self.operation,
            after_seq: observations.seq,
            is_stalled: observations.is_stalled,
        };
        let mut subscription = servers.open(self.number, tries, watch).await?;
        *is_open = true;
        observations.opened();
        if observations.is_stalled {
            servers.attached.send_modify(|attached| *attached += 1);
            std::future::pending::<()>().await;
        }
        while !observations.has_ended {
            let is_first = observations.seq == 0;
            let Some(state) = subscription.next().await? else {
                bail!("the watch ended before the last state");
            };
            observations.record(state, Instant::now(), now());
            if is_first {
                servers.attached.send_modify(|attached| *attached += 1);
            }
        }
        tokio::time::sleep(SETTLED_AFTER).await;
        if let Some(more) = subscription.after_the_last().await? {
            observations.record(more, Instant::now(), now());
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
