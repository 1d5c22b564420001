//! The limits by tenant: a rate for each rate limit, and a number of slots for each concurrency limit.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::limits::class::{ConcurrencyLimit, RateClass, RateLimit};
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
    /// The rate of units of [`RateLimit::UploadBytes`].
    pub upload_bytes: Rate,
    /// The most [`ConcurrencyLimit::Uploads`] at once.
    pub uploads: u32,
    /// The most [`ConcurrencyLimit::Watches`] at once.
    pub watches: u32,
    /// The most [`ConcurrencyLimit::Sockets`] at once.
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
pub struct Standing {
    /// The name of the budget.
    pub limit: &'static str,
    /// The rate of the budget.
    pub rate: Rate,
    /// The units that would be admitted now.
    pub remaining: u64,
    /// The time until the budget is full again.
    pub whole_after: Duration,
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
    pub fn rate(&self, tenant: &TenantId, limit: RateLimit) -> Rate {
        let allowed = self.allowed(tenant);
        match limit {
            RateLimit::Calls(RateClass::Read) => allowed.read,
            RateLimit::Calls(RateClass::Preview) => allowed.preview,
            RateLimit::Calls(RateClass::Write) => allowed.write,
            RateLimit::Calls(RateClass::UploadStart) => allowed.upload_start,
            RateLimit::Calls(RateClass::WatchOpen) => allowed.watch_open,
            RateLimit::Calls(RateClass::Admin) => allowed.admin,
            RateLimit::UploadBytes => allowed.upload_bytes,
            RateLimit::AuthFailure => self.auth_failure,
        }
    }

    /// Returns the number of slots of a concurrency limit.
    #[must_use]
    pub fn concurrency(&self, tenant: &TenantId, limit: ConcurrencyLimit) -> u32 {
        let allowed = self.allowed(tenant);
        match limit {
            ConcurrencyLimit::Uploads => allowed.uploads,
            ConcurrencyLimit::Watches => allowed.watches,
            ConcurrencyLimit::Sockets => allowed.sockets,
        }
    }

    fn allowed(&self, tenant: &TenantId) -> &PrincipalLimits {
        self.tenants.get(tenant).unwrap_or(&self.default)
    }
}
