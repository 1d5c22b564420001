//! Detects unused connections: a client that connects and sends no request would hold a permit for nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// The time for which a connection may be unused.
#[derive(Clone, Copy, Debug)]
pub struct IdleTimeouts {
    /// Until its first request.
    pub first_request_max: Duration,
    /// Between the end of a response and the next request.
    pub idle_max: Duration,
}

/// The requests of a connection.
#[derive(Clone, Debug)]
pub(crate) struct RequestActivity(Arc<watch::Sender<Requests>>);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Requests {
    /// Requests since the connection began.
    all: u64,
    /// Requests without a complete answer.
    under_way: u32,
}

/// A request, until its response has ended or was dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<watch::Sender<Requests>>);

impl RequestActivity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }

    /// Counts a new request.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.send_modify(|requests| {
            requests.all += 1;
            requests.under_way += 1;
        });
        UnderWay(Arc::clone(&self.0))
    }

    /// Whether there has been any request.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.borrow().all > 0
    }

    /// Returns when the connection has been unused for too long.
    pub(crate) async fn unused(self, idle_timeouts: IdleTimeouts) {
        let mut requests = self.0.subscribe();
        let mut rest = idle_timeouts.first_request_max;
        loop {
            // `self` holds the sender, so neither wait ends because it was dropped.
            let seen = *requests.borrow_and_update();
            if seen.under_way > 0 {
                let _answered = requests.wait_for(|now| now.under_way == 0).await;
                rest = idle_timeouts.idle_max;
                continue;
            }
            let used = requests.wait_for(|now| now.all > seen.all);
            match tokio::time::timeout(rest, used).await {
                Ok(_used) => rest = idle_timeouts.idle_max,
                Err(_unused) => return,
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|requests| requests.under_way -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{IdleTimeouts, RequestActivity};

    const PATIENCE: IdleTimeouts = IdleTimeouts {
        first_request_max: Duration::from_millis(50),
        idle_max: Duration::from_millis(200),
    };

    #[tokio::test]
    async fn a_connection_times_out_when_unused_and_never_during_a_request() {
        let begun = Instant::now();
        RequestActivity::new().unused(PATIENCE).await;
        assert!(begun.elapsed() >= PATIENCE.first_request_max);
        let usage = RequestActivity::new();
        let begun = Instant::now();
        let other = usage.clone();
        let long = usage.begin();
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE.idle_max * 2).await;
            drop(long);
            tokio::time::sleep(PATIENCE.idle_max / 4).await;
            // So short that only the count of requests shows it.
            drop(other.begin());
        });
        usage.unused(PATIENCE).await;
        let least = PATIENCE.idle_max * 3 + PATIENCE.idle_max / 4;
        assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
    }
}
