//! The bytes that an upload may send: leased ahead, spent here, waited for and never refused.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::application::ports::rate_limiter::Key;
use crate::application::rate_limit::limiter::Limiter;
use crate::domain::limits::class::Budget;
use crate::domain::limits::rate::{Quota, Verdict};

/// The largest lease, 4 MiB: at 100 MB/s the limiter is asked 25 times a second.
const LEASE_UNITS_MAX: u64 = 4 * 1024 * 1024 / UNIT_BYTES;
const UNIT_BYTES: u64 = Budget::UPLOAD_UNIT_BYTES as u64;

/// One upload's part of its principal's budget. What is left of a lease at its end is lost: leases
/// begin small and double, so that a small document takes no large one.
#[derive(Debug)]
pub struct Allowance {
    limiter: Arc<Limiter>,
    key: Key,
    quota: Quota,
    /// Bytes that are leased and not spent.
    left: u64,
    /// Units of the lease before.
    last: u64,
    /// The next lease, while it is waited for; it tells its units.
    next: Option<Lease>,
}

/// A lease under way, given up when it is dropped.
#[derive(Debug)]
struct Lease(JoinHandle<u64>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Allowance {
    /// Has nothing yet.
    #[must_use]
    pub fn new(limiter: Arc<Limiter>, key: Key, quota: Quota) -> Self {
        Self {
            limiter,
            key,
            quota,
            left: 0,
            last: 0,
            next: None,
        }
    }

    /// Spends so many bytes, once they are leased. Dropped before its end, it has spent nothing.
    pub async fn spend(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        while self.left < bytes {
            let missing = (bytes - self.left).div_ceil(UNIT_BYTES);
            let lease = match &mut self.next {
                Some(lease) => lease,
                None => self.next.insert(begin(
                    &self.limiter,
                    &self.key,
                    self.quota,
                    missing.max(self.last * 2),
                )),
            };
            // A lease whose task has panicked must not be begun again and again.
            let units = (&mut lease.0).await.unwrap_or(missing);
            self.next = None;
            self.last = units;
            self.left += units * UNIT_BYTES;
        }
        self.left -= bytes;
        let is_half_spent = self.left < self.last * UNIT_BYTES / 2;
        if is_half_spent && self.last == self.units_max() && self.next.is_none() {
            let units = self.units_max();
            self.next = Some(begin(&self.limiter, &self.key, self.quota, units));
        }
    }

    fn units_max(&self) -> u64 {
        self.limiter.units_max(self.quota, LEASE_UNITS_MAX)
    }
}

/// Leases up to so many units, as soon as the budget has them.
fn begin(limiter: &Arc<Limiter>, key: &Key, quota: Quota, units: u64) -> Lease {
    let (limiter, key) = (Arc::clone(limiter), key.clone());
    let units = units.clamp(1, limiter.units_max(quota, LEASE_UNITS_MAX));
    Lease(tokio::spawn(async move {
        // Never is not told: the units are within the burst, whoever decides.
        loop {
            match limiter.check(&key, quota, units).await {
                Verdict::Admitted { .. } | Verdict::Never => return units,
                Verdict::Wait { wait_us, .. } => {
                    tokio::time::sleep(std::time::Duration::from_micros(wait_us)).await;
                }
            }
        }
    }))
}
