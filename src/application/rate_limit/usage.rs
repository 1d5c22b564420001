//! The usage of limits, by principal.

use std::time::Duration;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::rate_limiter::{Amount, CounterKey, Used};
use crate::application::rate_limit::admission::Admission;
use crate::application::rate_limit::limiter::Backend;
use crate::domain::limits::class::{ConcurrencyLimitKind, RateLimitKind};

/// The most limits that are read: a tenth of a second of the shared limiter's time.
const LIMITS_MAX: u16 = 500;
/// The number of returned limits if the request gives none.
const PAGE: u16 = 100;

/// The usage of a tenant.
#[derive(Clone, Debug)]
pub struct Status {
    /// The scope in which limits are counted.
    pub backend: Backend,
    /// The number of shares into which limits are divided while the shared limiter fails.
    pub instances: u32,
    /// The usages, the highest proportion first.
    pub usages: Vec<Usage>,
}

/// A principal's usage of one limit.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The principal, or the address of callers without identity.
    pub principal: String,
    /// The name of a rate limit or of a concurrency limit.
    pub limit: &'static str,
    /// The used amount, in calls, bytes or slots.
    pub used: u64,
    /// The limit, in the same unit.
    pub most: u64,
    /// The refill of a budget. `None` means that this is a limit of slots.
    pub refill: Option<Refill>,
}

/// The refill of a budget.
#[derive(Clone, Copy, Debug)]
pub struct Refill {
    /// The calls or bytes that come back each second.
    pub per_second: f64,
    /// The time until the budget is full.
    pub full_after: Duration,
}

impl Admission {
    /// Returns the usage of the caller's tenant, of at most `page_size` limits. 0 means 100.
    ///
    /// # Errors
    ///
    /// Fails if `page_size` is negative.
    pub async fn status(&self, caller: &Caller, page_size: i32) -> Result<Status, Error> {
        let page = u32::try_from(page_size)
            .map_err(|_negative| Error::invalid("page_size", "must not be negative"))?;
        let page = match u16::try_from(page) {
            Ok(0) => PAGE,
            Ok(page) => page.min(LIMITS_MAX),
            Err(_) => LIMITS_MAX,
        };
        let mut used = self.limiter.usage(&caller.tenant, LIMITS_MAX.into()).await;
        let backend = self.limiter.backend();
        if backend != Backend::Shared {
            used.extend(self.slots.usage(&caller.tenant));
        }
        let mut usages = used.into_iter().filter_map(|used| self.usage(used));
        let mut usages = usages.by_ref().collect::<Vec<_>>();
        // In thousandths, so that limits of any size compare.
        usages.sort_by_key(|usage| std::cmp::Reverse(usage.used * 1_000 / usage.most.max(1)));
        usages.truncate(page.into());
        Ok(Status {
            backend,
            instances: self.limits.instances,
            usages,
        })
    }

    /// Converts a usage. `None` means that nothing is used, or the limit is unknown.
    fn usage(&self, used: Used) -> Option<Usage> {
        let Used { key, amount } = used;
        let CounterKey {
            tenant,
            principal,
            limit,
        } = key;
        let tenant = tenant?;
        let (used, most, refill) = match amount {
            Amount::Slots(used) => {
                let most = self
                    .limits
                    .concurrency(&tenant, ConcurrencyLimitKind::named(limit)?);
                (used, most.into(), None)
            }
            Amount::FullAfterUs(us) => {
                let kind = RateLimitKind::named(limit)?;
                let rate = self.limits.rate(&tenant, kind);
                // A later time counts as a used-up budget in the next check.
                let us = us.min(rate.window_us());
                let unit = match kind {
                    RateLimitKind::UploadBytes => RateLimitKind::UPLOAD_UNIT_BYTES,
                    RateLimitKind::Calls(_) | RateLimitKind::AuthFailure => 1,
                };
                let interval = Duration::from_micros(rate.interval_us()).as_secs_f64();
                let refill = Refill {
                    per_second: f64::from(unit) / interval,
                    full_after: Duration::from_micros(us),
                };
                let used = rate.burst() - rate.remaining(us);
                let unit = u64::from(unit);
                (used * unit, rate.burst() * unit, Some(refill))
            }
        };
        (used > 0).then_some(Usage {
            principal,
            limit,
            used,
            most,
            refill,
        })
    }
}
