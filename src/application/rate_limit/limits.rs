//! What is allowed: a quota for each budget and a number for each kind of places, by tenant.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::limits::class::{Budget, Places, RateClass};
use crate::domain::limits::rate::Quota;

/// What each principal of a tenant is allowed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Calls of [`RateClass::Read`].
    pub read: Quota,
    /// Calls of [`RateClass::Preview`].
    pub preview: Quota,
    /// Calls of [`RateClass::Write`].
    pub write: Quota,
    /// Calls of [`RateClass::UploadStart`].
    pub upload_start: Quota,
    /// Calls of [`RateClass::WatchOpen`].
    pub watch_open: Quota,
    /// Calls of [`RateClass::Admin`].
    pub admin: Quota,
    /// Units of [`Budget::UploadBytes`].
    pub upload_bytes: Quota,
    /// [`Places::Uploads`] at once.
    pub uploads: u32,
    /// [`Places::Watches`] at once.
    pub watches: u32,
    /// [`Places::Sockets`] at once.
    pub sockets: u32,
}

/// What everybody is allowed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Tenants for which nothing else is said.
    pub default: Allowed,
    /// The others.
    pub tenants: HashMap<String, Allowed>,
    /// Credentials from one address that may be refused.
    pub auth_failure: Quota,
    /// How many instances there are: what each takes for its part while they cannot ask each other.
    pub instances: u32,
}

/// How a principal stands with a budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The budget's name.
    pub limit: &'static str,
    /// What it is.
    pub quota: Quota,
    /// Units that would pass now.
    pub remaining: u64,
    /// When it will be whole.
    pub whole_after: Duration,
}

impl Allowed {
    /// The same of everything.
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
    /// The same for everybody, and no share of it with anybody.
    #[must_use]
    pub fn of(allowed: Allowed, auth_failure: Quota) -> Self {
        Self {
            default: allowed,
            tenants: HashMap::new(),
            auth_failure,
            instances: 1,
        }
    }

    /// The quota of a budget.
    #[must_use]
    pub fn quota(&self, tenant: &str, budget: Budget) -> Quota {
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

    /// How many places there are.
    #[must_use]
    pub fn places(&self, tenant: &str, places: Places) -> u32 {
        let allowed = self.allowed(tenant);
        match places {
            Places::Uploads => allowed.uploads,
            Places::Watches => allowed.watches,
            Places::Sockets => allowed.sockets,
        }
    }

    fn allowed(&self, tenant: &str) -> &Allowed {
        self.tenants.get(tenant).unwrap_or(&self.default)
    }
}
