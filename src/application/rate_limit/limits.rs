//! The limits by tenant: a rate for each rate limit, and a number of slots for each concurrency limit.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::limits::class::{ConcurrencyLimitKind, RateClass, RateLimitKind};
use crate::domain::limits::rate::Rate;
use crate::domain::names::resource::TenantId;

/// The limits of each principal of a tenant.
#[derive(Clone, Debug)]
pub struct PrincipalLimits {
    /// The rate of calls of [`RateClass::Read`].
    pub read: Rate,
    /// The rate of calls of [`RateClass::Preview`].
    pub preview: Rate,
    /// The rate of calls of [`RateClass::Write`].
    pub write: Rate,
    /// The rate of calls of [`RateClass::UploadStart`].
    pub upload_start: Rate,
    /// The rate of calls of [`RateClass::WatchOpen`].
    pub watch_open: Rate,
    /// The rate of calls of [`RateClass::Admin`].
    pub admin: Rate,
    /// The rate of units of [`RateLimitKind::UploadBytes`].
    pub upload_bytes: Rate,
    /// The most [`ConcurrencyLimitKind::Uploads`] at once.
    pub uploads: u32,
    /// The most [`ConcurrencyLimitKind::Watches`] at once.
    pub watches: u32,
    /// The most [`ConcurrencyLimitKind::Sockets`] at once.
    pub sockets: u32,
}

/// The limits of all tenants.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The limits of tenants without an entry in `tenants`.
    pub default: PrincipalLimits,
    /// The limits of single tenants.
    pub tenants: HashMap<TenantId, PrincipalLimits>,
    /// The rate of rejected credentials from one address.
    pub auth_failure: Rate,
    /// The number of instances. Each takes an equal share of the limits while the shared limiter fails.
    pub instances: u32,
}

/// The state of a principal's budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimitStatus {
    /// The name of the rate limit.
    pub limit: &'static str,
    /// The rate at which the budget refills.
    pub rate: Rate,
    /// The units that would be admitted now.
    pub remaining: u64,
    /// The time until the budget is full again.
    pub full_after: Duration,
}

impl PrincipalLimits {
    /// Creates limits with the same rate for every rate limit, and the same number of slots for every
    /// concurrency limit.
    #[must_use]
    pub fn each(rate: Rate, slots: u32) -> Self {
        Self {
            read: rate,
            preview: rate,
            write: rate,
            upload_start: rate,
            watch_open: rate,
            admin: rate,
            upload_bytes: rate,
            uploads: slots,
            watches: slots,
            sockets: slots,
        }
    }
}

impl Limits {
    /// Creates the same limits for all tenants, on one instance.
    #[must_use]
    pub fn of(allowed: PrincipalLimits, auth_failure: Rate) -> Self {
        Self {
            default: allowed,
            tenants: HashMap::new(),
            auth_failure,
            instances: 1,
        }
    }

    /// Returns the rate of a rate limit.
    #[must_use]
    pub fn rate(&self, tenant: &TenantId, limit: RateLimitKind) -> Rate {
        let allowed = self.allowed(tenant);
        match limit {
            RateLimitKind::Calls(RateClass::Read) => allowed.read,
            RateLimitKind::Calls(RateClass::Preview) => allowed.preview,
            RateLimitKind::Calls(RateClass::Write) => allowed.write,
            RateLimitKind::Calls(RateClass::UploadStart) => allowed.upload_start,
            RateLimitKind::Calls(RateClass::WatchOpen) => allowed.watch_open,
            RateLimitKind::Calls(RateClass::Admin) => allowed.admin,
            RateLimitKind::UploadBytes => allowed.upload_bytes,
            RateLimitKind::AuthFailure => self.auth_failure,
        }
    }

    /// Returns the number of slots of a concurrency limit.
    #[must_use]
    pub fn concurrency(&self, tenant: &TenantId, limit: ConcurrencyLimitKind) -> u32 {
        let allowed = self.allowed(tenant);
        match limit {
            ConcurrencyLimitKind::Uploads => allowed.uploads,
            ConcurrencyLimitKind::Watches => allowed.watches,
            ConcurrencyLimitKind::Sockets => allowed.sockets,
        }
    }

    fn allowed(&self, tenant: &TenantId) -> &PrincipalLimits {
        self.tenants.get(tenant).unwrap_or(&self.default)
    }
}
