//! The bytes that an upload may send. They are leased ahead; an upload over its rate waits and is never refused.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::application::ports::rate_limiter::CounterKey;
use crate::application::rate_limit::limiter::Limiter;
use crate::domain::limits::class::RateLimitKind;
use crate::domain::limits::rate::{Rate, RateDecision};

/// The largest lease, 4 MiB: at 100 MB/s the limiter is called 25 times a second.
const LEASE_UNITS_MAX: u64 = 4 * 1024 * 1024 / UNIT_BYTES;
const UNIT_BYTES: u64 = RateLimitKind::UPLOAD_UNIT_BYTES as u64;

/// One upload's share of its principal's budget. The rest of a lease is lost at the end of the upload. Leases
/// therefore begin small and double, so that a small document takes no large one.
#[derive(Debug)]
pub struct Allowance {
    limiter: Arc<Limiter>,
    key: CounterKey,
    rate: Rate,
    /// The bytes that are leased and not spent.
    left: u64,
    /// The units of the previous lease.
    last: u64,
    /// The next lease, while it is in progress. Its task returns the leased units.
    next: Option<Lease>,
}

/// A lease in progress, abandoned when it is dropped.
#[derive(Debug)]
struct Lease(JoinHandle<u64>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Allowance {
    /// Creates an allowance without leased bytes.
    #[must_use]
    pub fn new(limiter: Arc<Limiter>, key: CounterKey, rate: Rate) -> Self {
        Self {
            limiter,
            key,
            rate,
            left: 0,
            last: 0,
            next: None,
        }
    }

    /// Spends `bytes`, once they are leased. A call that is dropped before its end has spent nothing.
    pub async fn spend(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        while self.left < bytes {
            let missing = (bytes - self.left).div_ceil(UNIT_BYTES);
            let lease = match &mut self.next {
                Some(lease) => lease,
                None => self.next.insert(begin(
                    &self.limiter,
                    &self.key,
                    self.rate,
                    missing.max(self.last * 2),
                )),
            };
            // If the task of a lease has panicked, the missing units are granted: a retry could loop forever.
            let units = (&mut lease.0).await.unwrap_or(missing);
            self.next = None;
            self.last = units;
            self.left += units * UNIT_BYTES;
        }
        self.left -= bytes;
        let is_half_spent = self.left < self.last * UNIT_BYTES / 2;
        if is_half_spent && self.last == self.units_max() && self.next.is_none() {
            let units = self.units_max();
            self.next = Some(begin(&self.limiter, &self.key, self.rate, units));
        }
    }

    fn units_max(&self) -> u64 {
        self.limiter.units_max(self.rate, LEASE_UNITS_MAX)
    }
}

/// Leases up to `units`, as soon as the budget has them.
fn begin(limiter: &Arc<Limiter>, key: &CounterKey, rate: Rate, units: u64) -> Lease {
    let limiter = Arc::clone(limiter);
    let key = key.clone();
    let units = units.clamp(1, limiter.units_max(rate, LEASE_UNITS_MAX));
    Lease(tokio::spawn(async move {
        // `Never` is not returned: the units are within the burst of both limiters.
        loop {
            match limiter.check(&key, rate, units).await {
                RateDecision::Admitted { .. } | RateDecision::Never => return units,
                RateDecision::Wait { wait_us, .. } => {
                    tokio::time::sleep(std::time::Duration::from_micros(wait_us)).await;
                }
            }
        }
    }))
}
