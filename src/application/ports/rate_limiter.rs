//! Budgets and places that all instances share.
//!
//! Its clock is the shared one: two instances with different clocks count the same. Whatever it
//! keeps has a lifetime, so what nobody uses is gone by itself; it may lose everything at any time.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::application::ports::store_error::Error;
use crate::domain::limits::rate::{Quota, Verdict};

/// What is counted.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// Whose; none for what is counted by address.
    pub tenant: String,
    /// Who within the tenant, or an address.
    pub principal: String,
    /// The name of a budget or of a kind of places.
    pub limit: &'static str,
}

/// One place: the instance that holds it, and its number there.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Member {
    /// Random, made when the instance started.
    pub instance: [u8; 16],
    /// Counted from 0.
    pub number: u64,
}

/// How much of something is in use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Used {
    /// Of what.
    pub key: Key,
    /// How much.
    pub amount: Amount,
}

/// An amount that is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// A budget is whole again after so many microseconds.
    WholeAfterUs(u64),
    /// So many places are taken.
    Places(u64),
}

/// A limiter that several instances share. It does not wait and does not try again: whoever asks
/// has a way to go on without it.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync {
    /// Takes so many units from a budget, if it has them: no more passes than [`Quota::decide`]
    /// would let pass, however many instances ask at once.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached; the units may have been taken.
    async fn check(&self, key: &Key, quota: Quota, units: u64) -> Result<Verdict, Error>;

    /// Takes a place for `lifetime`, if fewer than `most` are taken; says whether it did.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached; the place may have been taken.
    async fn acquire(
        &self,
        key: &Key,
        member: Member,
        most: u32,
        lifetime: Duration,
    ) -> Result<bool, Error>;

    /// Keeps places for another `lifetime`, and takes them again if they were lost.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached.
    async fn renew(&self, key: &Key, members: &[Member], lifetime: Duration) -> Result<(), Error>;

    /// Gives places back.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached; then they end with their lifetime.
    async fn release(&self, key: &Key, members: &[Member]) -> Result<(), Error>;

    /// Does what [`RateLimiter::check`] does, for nobody.
    ///
    /// # Errors
    ///
    /// Fails if it does not work.
    async fn probe(&self) -> Result<(), Error>;

    /// Notes what a tenant has used, for [`RateLimiter::usage`]; older notes go when there are too
    /// many.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached.
    async fn note(&self, tenant: &str, keys: &[Key]) -> Result<(), Error>;

    /// What a tenant uses of what was noted last, of the newest `most` notes.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be reached.
    async fn usage(&self, tenant: &str, most: usize) -> Result<Vec<Used>, Error>;
}
