//! A number of bytes that calls take from, and wait for.
//!
//! `shares` decides how much an owner may have. Among waiting owners the tenant that holds least comes first, then
//! the principal that holds least, then the oldest request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::application::error::Error;
use crate::application::memory::shares::{Owner, Shares};

/// A shared number of bytes.
#[derive(Clone, Debug)]
pub struct Pool {
    // A std mutex: never held across an await.
    state: Arc<Mutex<PoolState>>,
}

/// Bytes of a pool. Dropping the permit gives them back.
#[derive(Debug)]
pub struct Permit {
    pool: Pool,
    owner: Owner,
    bytes: usize,
}

#[derive(Debug)]
struct PoolState {
    shares: Shares,
    /// Bounded by the calls that may wait: each takes a slot of its own before it waits here.
    waiting: Vec<Waiter>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    owner: Owner,
    bytes: usize,
    granted: oneshot::Sender<Permit>,
}

impl Pool {
    /// Creates a pool whose bytes are all free.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            state: Arc::new(Mutex::new(PoolState {
                shares: Shares::new(capacity),
                waiting: Vec::new(),
                next_ticket: 0,
            })),
        }
    }

    /// Takes bytes, if the owner may have them now and no request comes before it.
    #[must_use]
    pub fn try_take(&self, owner: &Owner, bytes: usize) -> Option<Permit> {
        let mut state = self.lock();
        let bytes = bytes.min(state.shares.capacity());
        if state.has_waiter_before(owner) || !state.shares.allows(owner, bytes) {
            return None;
        }
        state.shares.take(owner, bytes);
        Some(self.permit(owner, bytes))
    }

    /// Takes bytes once the owner may have them. A request for more than the capacity gets the whole pool, once all
    /// of it is free.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have the bytes within `wait_max`.
    pub async fn take(
        &self,
        owner: &Owner,
        bytes: usize,
        wait_max: Duration,
    ) -> Result<Permit, Error> {
        if let Some(permit) = self.try_take(owner, bytes) {
            return Ok(permit);
        }
        let granted = self.wait(owner, bytes);
        // A permit that is granted as the time ends is dropped with the receiver, which gives its bytes back.
        match tokio::time::timeout(wait_max, granted).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Error::NoMemory),
        }
    }

    /// Returns the number of bytes that the owner may take now.
    #[must_use]
    pub fn room(&self, owner: &Owner) -> usize {
        self.lock().shares.room(owner)
    }

    /// Whether any request waits for bytes.
    #[must_use]
    pub fn is_contended(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    fn wait(&self, owner: &Owner, bytes: usize) -> oneshot::Receiver<Permit> {
        let (granted, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            let bytes = bytes.min(state.shares.capacity());
            state.waiting.push(Waiter {
                ticket,
                owner: owner.clone(),
                bytes,
                granted,
            });
        }
        // Bytes may have become free since the first attempt.
        self.serve();
        receiver
    }

    /// Grants waiting requests that may have their bytes. Permits are sent without the lock: a permit whose receiver
    /// is gone is dropped, which takes the lock.
    fn serve(&self) {
        let granted = self.lock().grant();
        for waiter in granted {
            let permit = self.permit(&waiter.owner, waiter.bytes);
            let _given_up = waiter.granted.send(permit);
        }
    }

    fn permit(&self, owner: &Owner, bytes: usize) -> Permit {
        Permit {
            pool: self.clone(),
            owner: owner.clone(),
            bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        // The numbers are changed together, so a panic cannot leave them inconsistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolState {
    /// Whether a request of an owner that holds no more than this one waits already.
    fn has_waiter_before(&self, owner: &Owner) -> bool {
        let own = self.shares.used(owner);
        let mut waiting = self.waiting.iter();
        waiting.any(|waiter| !waiter.granted.is_closed() && self.shares.used(&waiter.owner) <= own)
    }

    /// Takes bytes for waiting requests, in order, and returns these requests. A request that is too large for now
    /// lets others pass: a part of the pool always becomes free.
    fn grant(&mut self) -> Vec<Waiter> {
        self.waiting.retain(|waiter| !waiter.granted.is_closed());
        let mut granted = Vec::new();
        loop {
            let waiting = self.waiting.iter().enumerate();
            let allowed =
                waiting.filter(|(_, waiter)| self.shares.allows(&waiter.owner, waiter.bytes));
            let next =
                allowed.min_by_key(|(_, waiter)| (self.shares.used(&waiter.owner), waiter.ticket));
            let Some((at, _)) = next else {
                return granted;
            };
            let waiter = self.waiting.swap_remove(at);
            self.shares.take(&waiter.owner, waiter.bytes);
            granted.push(waiter);
        }
    }
}

impl Permit {
    /// Splits off a part of the bytes as a permit of its own.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.pool.permit(&self.owner, bytes)
    }

    /// Returns the number of bytes.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let has_waiters = {
            let mut state = self.pool.lock();
            state.shares.give_back(&self.owner, self.bytes);
            !state.waiting.is_empty()
        };
        if has_waiters {
            self.pool.serve();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pool;
    use crate::application::caller::Caller;
    use crate::application::memory::shares::Owner;
    use crate::domain::names::resource::TenantId;

    const SECOND: Duration = Duration::from_secs(1);

    fn owner(tenant: &str) -> Owner {
        Owner::of(&Caller::of_tenant(TenantId::parse(tenant).unwrap()))
    }

    fn taken(pool: &Pool) -> usize {
        pool.lock().shares.taken()
    }

    #[tokio::test]
    async fn the_tenant_that_holds_least_is_served_first() {
        let pool = Pool::new(90);
        let held = pool.try_take(&owner("c"), 60).unwrap();
        let _of_a = pool.try_take(&owner("a"), 10).unwrap();
        let (first, mut order) = tokio::sync::mpsc::channel(2);
        for (number, tenant) in ["a", "b"].into_iter().enumerate() {
            let pool = pool.clone();
            let first = first.clone();
            let waiting = pool.clone();
            tokio::spawn(async move {
                let permit = pool.take(&owner(tenant), 30, SECOND).await;
                first.send((tenant, permit)).await.unwrap();
            });
            while waiting.lock().waiting.len() <= number {
                tokio::task::yield_now().await;
            }
        }
        drop(held);
        let (tenant, of_b) = order.recv().await.unwrap();
        assert_eq!((tenant, of_b.is_ok()), ("b", true));
        // `a` holds 10: 30 more would leave too little.
        assert!(pool.is_contended());
        drop(of_b);
        let (tenant, of_a) = order.recv().await.unwrap();
        assert_eq!((tenant, of_a.is_ok()), ("a", true));
    }

    #[tokio::test]
    async fn a_wait_ends_and_takes_nothing() {
        let pool = Pool::new(100);
        let held = pool.try_take(&owner("a"), 90).unwrap();
        let soon = Duration::from_millis(10);
        assert!(pool.take(&owner("b"), 20, soon).await.is_err());
        drop(held);
        assert_eq!(taken(&pool), 0);
        // A request for more than the capacity gets all of it.
        let all = pool.take(&owner("b"), 1_000, SECOND).await.unwrap();
        assert_eq!(all.bytes(), 100);
    }

    #[test]
    fn a_part_is_given_back_by_itself() {
        let pool = Pool::new(100);
        let mut permit = pool.try_take(&owner("a"), 50).unwrap();
        let part = permit.split(20);
        drop(permit);
        assert_eq!((part.bytes(), taken(&pool)), (20, 20));
        drop(part);
        assert_eq!(taken(&pool), 0);
    }
}
