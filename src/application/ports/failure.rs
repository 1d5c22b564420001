//! What every port can answer besides its result.

use crate::domain::quota::Quota;

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
