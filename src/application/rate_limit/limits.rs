//! The limits: a quota for each budget and a number for each kind of places, by tenant.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::limits::class::{Budget, Places, RateClass};
use crate::domain::limits::rate::Quota;
use crate::domain::names::resource::TenantId;

/// The limits of each principal of a tenant.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The quota of calls of [`RateClass::Read`].
    pub read: Quota,
    /// The quota of calls of [`RateClass::Preview`].
    pub preview: Quota,
    /// The quota of calls of [`RateClass::Write`].
    pub write: Quota,
    /// The quota of calls of [`RateClass::UploadStart`].
    pub upload_start: Quota,
    /// The quota of calls of [`RateClass::WatchOpen`].
    pub watch_open: Quota,
    /// The quota of calls of [`RateClass::Admin`].
    pub admin: Quota,
    /// The quota of units of [`Budget::UploadBytes`].
    pub upload_bytes: Quota,
    /// The most [`Places::Uploads`] at once.
    pub uploads: u32,
    /// The most [`Places::Watches`] at once.
    pub watches: u32,
    /// The most [`Places::Sockets`] at once.
    pub sockets: u32,
}

/// The limits of all tenants.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The limits of tenants without an entry in `tenants`.
    pub default: Allowed,
    /// The limits of single tenants.
    pub tenants: HashMap<TenantId, Allowed>,
    /// The quota of rejected credentials from one address.
    pub auth_failure: Quota,
    /// The number of instances. Each takes an equal share of the limits while the shared limiter fails.
    pub instances: u32,
}

/// The state of a principal's budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The name of the budget.
    pub limit: &'static str,
    /// The quota of the budget.
    pub quota: Quota,
    /// The units that would be admitted now.
    pub remaining: u64,
    /// The time until the budget is full again.
    pub whole_after: Duration,
}

impl Allowed {
    /// Creates limits with the same quota for every budget, and the same number for all places.
    #[must_use]
    pub fn each(quota: Quota, places: u32) -> Self {
        Self {
            read: quota,
            preview: quota,
            write: quota,
            upload_start: quota,
            watch_open: quota,
            admin: quota,
            upload_bytes: quota,
            uploads: places,
            watches: places,
            sockets: places,
        }
    }
}

impl Limits {
    /// Creates the same limits for all tenants, on one instance.
    #[must_use]
    pub fn of(allowed: Allowed, auth_failure: Quota) -> Self {
        Self {
            default: allowed,
            tenants: HashMap::new(),
            auth_failure,
            instances: 1,
        }
    }

    /// Returns the quota of a budget.
    #[must_use]
    pub fn quota(&self, tenant: &TenantId, budget: Budget) -> Quota {
        let allowed = self.allowed(tenant);
        match budget {
            Budget::Calls(RateClass::Read) => allowed.read,
            Budget::Calls(RateClass::Preview) => allowed.preview,
            Budget::Calls(RateClass::Write) => allowed.write,
            Budget::Calls(RateClass::UploadStart) => allowed.upload_start,
            Budget::Calls(RateClass::WatchOpen) => allowed.watch_open,
            Budget::Calls(RateClass::Admin) => allowed.admin,
            Budget::UploadBytes => allowed.upload_bytes,
            Budget::AuthFailure => self.auth_failure,
        }
    }

    /// Returns the number of places of a kind.
    #[must_use]
    pub fn places(&self, tenant: &TenantId, places: Places) -> u32 {
        let allowed = self.allowed(tenant);
        match places {
            Places::Uploads => allowed.uploads,
            Places::Watches => allowed.watches,
            Places::Sockets => allowed.sockets,
        }
    }

    fn allowed(&self, tenant: &TenantId) -> &Allowed {
        self.tenants.get(tenant).unwrap_or(&self.default)
    }
}
