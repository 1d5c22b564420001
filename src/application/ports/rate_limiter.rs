//! Budgets and slots that all instances share.
//!
//! The limiter uses its own clock, so that instances with different clocks count the same. Each entry has a lifetime,
//! so that an unused one expires. The limiter may lose all entries at any time.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::application::store_error::Error;
use crate::domain::limits::rate::{Rate, RateDecision};
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::InstanceUid;

/// The key of a counter.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CounterKey {
    /// The tenant. `None` for counters by address.
    pub tenant: Option<TenantId>,
    /// The principal within the tenant, with the network of a caller without identity, or an address.
    pub principal: String,
    /// The name of a rate limit or of a concurrency limit.
    pub limit: &'static str,
}

/// One held slot: the instance that holds it, and its number there.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Member {
    /// A random id, made when the instance started.
    pub instance: InstanceUid,
    /// The number of the slot in its instance, from 0.
    pub number: u64,
}

/// The used part of a limit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Used {
    /// The key of the limit.
    pub key: CounterKey,
    /// The used amount.
    pub amount: Amount,
}

/// A used amount.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// The microseconds until the budget is full again.
    FullAfterUs(u64),
    /// The number of held slots.
    Slots(u64),
}

/// A limiter that several instances share. It neither waits nor retries: callers have a fallback.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync {
    /// Takes `units` from a budget, if it has them. However many instances call at once, no more units pass than
    /// [`Rate::decide`] admits.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached. The units may have been taken.
    async fn check(&self, key: &CounterKey, rate: Rate, units: u64) -> Result<RateDecision, Error>;

    /// Takes a slot for `lifetime`, if fewer than `most` are held. Returns whether the slot was taken.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached. The slot may have been taken.
    async fn acquire(
        &self,
        key: &CounterKey,
        member: Member,
        most: u32,
        lifetime: Duration,
    ) -> Result<bool, Error>;

    /// Extends slots by another `lifetime`, and takes them again if they were lost.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached.
    async fn renew(
        &self,
        key: &CounterKey,
        members: &[Member],
        lifetime: Duration,
    ) -> Result<(), Error>;

    /// Releases slots.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached. The slots then expire.
    async fn release(&self, key: &CounterKey, members: &[Member]) -> Result<(), Error>;

    /// Tests [`RateLimiter::check`] with a key of no caller.
    ///
    /// # Errors
    ///
    /// Fails if the limiter does not work.
    async fn probe(&self) -> Result<(), Error>;

    /// Records which limits a tenant has used, for [`RateLimiter::usage`]. If there are too many records, the oldest
    /// are removed.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached.
    async fn note(&self, tenant: &TenantId, keys: &[CounterKey]) -> Result<(), Error>;

    /// Returns the used amounts of a tenant's `most` newest recorded limits.
    ///
    /// # Errors
    ///
    /// Fails if the limiter cannot be reached.
    async fn usage(&self, tenant: &TenantId, most: usize) -> Result<Vec<Used>, Error>;
}
