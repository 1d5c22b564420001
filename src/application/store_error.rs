//! The error of all ports.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::limits::quota::Quota;

/// The reason why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be reached or is too busy. A later attempt may succeed.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store is full.
    #[error("the store is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tenant has reached a quota.
    #[error("the tenant's quota of {} is used up", .0.name())]
    Quota(Quota),
    /// The store holds invalid data, or refuses valid data: a bug in the service or in the store.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// The thing that is wrong.
        what: &'static str,
        /// The error of the driver.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// The number of times that a store of this process was full. Each instance compares the number with the last one it
/// saw, and then checks whether its own store is full.
static TIMES_FULL: AtomicU64 = AtomicU64::new(0);

impl Error {
    /// Creates the error of a full store, and counts it.
    #[must_use]
    pub fn full(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        TIMES_FULL.fetch_add(1, Ordering::Relaxed);
        Self::Full(source.into())
    }

    /// Returns the number of times that a store of this process was full.
    #[must_use]
    pub fn times_full() -> u64 {
        TIMES_FULL.load(Ordering::Relaxed)
    }
}
