//! What every port can answer besides its result.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::limits::quota::Quota;

/// The store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, or is too busy: later it may work.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is full.
    #[error("the store is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tenant has as much as it may have.
    #[error("the tenant's quota of {} is used up", .0.name())]
    Quota(Quota),
    /// It holds what it must not hold, or refuses what it must take: a bug, here or there.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// What the driver says.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// How often a store of this process was full. Each instance compares it with what it saw, and then looks whether it
/// is its own store.
static TIMES_FULL: AtomicU64 = AtomicU64::new(0);

impl Error {
    /// The store is full.
    #[must_use]
    pub fn full(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        TIMES_FULL.fetch_add(1, Ordering::Relaxed);
        Self::Full(source.into())
    }

    /// How often a store of this process was full.
    #[must_use]
    pub fn times_full() -> u64 {
        TIMES_FULL.load(Ordering::Relaxed)
    }
}
