//! The use case of admission: the rate limits of calls, and the concurrency limits of streams and connections.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::client_network::Network;
use crate::application::error::Error;
use crate::application::ports::rate_limiter::{CounterKey, RateLimiter};
use crate::application::rate_limit::concurrency::{ConcurrencySlot, ConcurrencySlots};
use crate::application::rate_limit::limiter::{self, Limiter};
use crate::application::rate_limit::limits::{Limits, RateLimitStatus};
use crate::application::rate_limit::upload_bytes::Allowance;
use crate::domain::limits::class::{ConcurrencyLimitKind, RateClass, RateLimitKind};
use crate::domain::limits::rate::{Rate, RateDecision};
use crate::domain::names::uid::InstanceUid;

/// Admits calls, or reports when to try again.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The limits.
    pub limits: Arc<Limits>,
    /// The limiter that counts units.
    pub limiter: Arc<Limiter>,
    /// The slots that this instance holds.
    pub slots: Arc<ConcurrencySlots>,
}

impl Admission {
    /// Creates the admission over a limiter that all instances share, or without one. `instance` is random.
    #[must_use]
    pub fn new(
        limits: Limits,
        shared: Option<Arc<dyn RateLimiter>>,
        instance: InstanceUid,
    ) -> Self {
        let limiter = Arc::new(Limiter::new(shared, limits.instances));
        Self {
            limits: Arc::new(limits),
            slots: Arc::new(ConcurrencySlots::new(Arc::clone(&limiter), instance)),
            limiter,
        }
    }

    /// Takes one call from the caller's budget. Returns the state of the budget, and whether the call is admitted.
    ///
    /// # Errors
    ///
    /// The second value is an error with the delay after which to try again.
    pub async fn admit(
        &self,
        caller: &Caller,
        class: RateClass,
    ) -> (RateLimitStatus, Result<(), Error>) {
        let limit = RateLimitKind::Calls(class);
        let key = key(caller, limit.name());
        let rate = self.rate(caller, limit);
        let decision = self.limiter.check(&key, rate, 1).await;
        let (full_after_us, admitted) = match decision {
            RateDecision::Admitted { full_after_us } => (full_after_us, Ok(())),
            RateDecision::Wait {
                wait_us,
                full_after_us,
            } => (full_after_us, Err(limited(limit, subject(caller), wait_us))),
            RateDecision::Never => (
                0,
                Err(Error::invalid("cost", "is more than the budget ever has")),
            ),
        };
        let status = RateLimitStatus {
            limit: limit.name(),
            rate,
            remaining: rate.remaining(full_after_us),
            full_after: Duration::from_micros(full_after_us),
        };
        (status, admitted)
    }

    /// Checks whether credentials from an address may be verified. The check is local and cheap, so that a flood of
    /// guesses does not get past it.
    ///
    /// # Errors
    ///
    /// Fails if too many credentials from that address were rejected.
    pub fn may_authenticate(&self, address: IpAddr) -> Result<(), Error> {
        let key = of_address(address);
        let rate = self.limits.auth_failure;
        match self.limiter.peek(&key, rate) {
            RateDecision::Wait { wait_us, .. } => {
                limiter::count(key.limit, false);
                let subject = format!("address:{}", key.principal);
                Err(limited(RateLimitKind::AuthFailure, subject, wait_us))
            }
            RateDecision::Admitted { .. } | RateDecision::Never => Ok(()),
        }
    }

    /// Counts rejected credentials of an address, on all instances. Each instance learns that there were too many
    /// when it counts the next one.
    pub async fn authentication_failed(&self, address: IpAddr) {
        let key = of_address(address);
        let rate = self.limits.auth_failure;
        let left = match self.limiter.check(&key, rate, 1).await {
            RateDecision::Admitted { full_after_us } => rate.remaining(full_after_us),
            RateDecision::Wait { .. } | RateDecision::Never => 0,
        };
        if left == 0 {
            self.limiter.use_up(&key, rate);
        }
    }

    /// Takes a slot. The slot is released when its guard is dropped, or within 30 seconds after this process has
    /// died.
    ///
    /// # Errors
    ///
    /// Fails if the principal holds all of its slots.
    pub async fn slot(
        &self,
        caller: &Caller,
        limit: ConcurrencyLimitKind,
    ) -> Result<ConcurrencySlot, Error> {
        let most = self.limits.concurrency(&caller.tenant, limit);
        let slot = self.slots.take(key(caller, limit.name()), most).await;
        limiter::count(limit.name(), slot.is_some());
        slot.ok_or_else(|| Error::ConcurrencyLimited {
            limit: limit.name(),
            subject: subject(caller),
            most,
        })
    }

    /// Returns the byte allowance for an upload of the caller.
    #[must_use]
    pub fn allowance(&self, caller: &Caller) -> Allowance {
        let limit = RateLimitKind::UploadBytes;
        let key = key(caller, limit.name());
        let rate = self.rate(caller, limit);
        Allowance::new(Arc::clone(&self.limiter), key, rate)
    }

    /// Renews slots until `drain` is cancelled and no slot is held.
    pub async fn run(self, drain: CancellationToken) {
        self.slots.run(drain).await;
    }

    fn rate(&self, caller: &Caller, limit: RateLimitKind) -> Rate {
        self.limits.rate(&caller.tenant, limit)
    }
}

/// Returns the key of the caller's budget or slots. Callers without identity are counted by network: a flood from
/// one network uses up only its own budget.
fn key(caller: &Caller, limit: &'static str) -> CounterKey {
    CounterKey {
        tenant: Some(caller.tenant.clone()),
        principal: caller.share_key().into_owned(),
        limit,
    }
}

/// Returns the key of an address. All addresses of one network share a budget.
fn of_address(address: IpAddr) -> CounterKey {
    CounterKey {
        tenant: None,
        principal: Network::of(address).to_string(),
        limit: RateLimitKind::AuthFailure.name(),
    }
}

fn subject(caller: &Caller) -> String {
    match caller.network {
        Some(network) => format!("address:{network}"),
        None => format!("principal:{}", caller.principal.as_str()),
    }
}

fn limited(limit: RateLimitKind, subject: String, wait_us: u64) -> Error {
    Error::RateLimited {
        limit: limit.name(),
        subject,
        retry_after: Duration::from_micros(wait_us),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::application::caller::Caller;
    use crate::application::error::Error;
    use crate::application::rate_limit::admission::Admission;
    use crate::application::rate_limit::limits::{Limits, PrincipalLimits};
    use crate::domain::limits::class::{ConcurrencyLimitKind, RateClass};
    use crate::domain::limits::rate::Rate;
    use crate::domain::names::resource::{Principal, TenantId};
    use crate::domain::names::uid::InstanceUid;

    /// A rate at which no unit comes back during a test.
    const SLOW: f64 = 0.001;

    /// Three of each limit, refilled at `per_second`; the tenant `acme` has five.
    fn admission(per_second: f64) -> Admission {
        let allowed = |number| PrincipalLimits::each(Rate::new(per_second, number), number);
        let mut limits = Limits::of(allowed(3), Rate::new(per_second, 3));
        let acme = TenantId::parse("acme").unwrap();
        limits.tenants.insert(acme, allowed(5));
        Admission::new(limits, None, InstanceUid::MIN)
    }

    async fn admitted(admission: &Admission, caller: &Caller, class: RateClass) -> u32 {
        let mut admitted = 0;
        for _ in 0..10 {
            admitted += u32::from(admission.admit(caller, class).await.1.is_ok());
        }
        admitted
    }

    #[tokio::test]
    async fn classes_principals_and_tenants_have_budgets_of_their_own() {
        let admission = admission(SLOW);
        let one = Caller::anonymous();
        let mut other = one.clone();
        other.principal = Principal::parse("other").unwrap();
        assert_eq!(admitted(&admission, &one, RateClass::Read).await, 3);
        assert_eq!(admitted(&admission, &one, RateClass::Write).await, 3);
        assert_eq!(admitted(&admission, &other, RateClass::Read).await, 3);
        let acme = Caller::of_tenant(TenantId::parse("acme").unwrap());
        assert_eq!(admitted(&admission, &acme, RateClass::Read).await, 5);
        let (status, refused) = admission.admit(&one, RateClass::Read).await;
        assert_eq!((status.limit, status.remaining), ("read", 0));
        assert!(matches!(refused, Err(Error::RateLimited { .. })));
    }

    #[tokio::test]
    async fn a_call_passes_after_its_retry_delay() {
        let admission = admission(20.0);
        let caller = Caller::anonymous();
        let mut refusals = 0;
        while refusals < 3 {
            let (_, refused) = admission.admit(&caller, RateClass::Read).await;
            let Err(Error::RateLimited { retry_after, .. }) = refused else {
                continue;
            };
            refusals += 1;
            tokio::time::sleep(retry_after).await;
            let (_, admitted) = admission.admit(&caller, RateClass::Read).await;
            admitted.unwrap();
        }
    }

    #[tokio::test]
    async fn slots_are_taken_and_released() {
        let admission = admission(SLOW);
        let caller = Caller::anonymous();
        let mut slots = Vec::new();
        for _ in 0..3 {
            slots.push(
                admission
                    .slot(&caller, ConcurrencyLimitKind::Sockets)
                    .await
                    .unwrap(),
            );
        }
        let refused = admission
            .slot(&caller, ConcurrencyLimitKind::Sockets)
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::ConcurrencyLimited { most: 3, .. }));
        admission
            .slot(&caller, ConcurrencyLimitKind::Watches)
            .await
            .unwrap();
        slots.pop();
        admission
            .slot(&caller, ConcurrencyLimitKind::Sockets)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn an_address_that_guesses_credentials_is_throttled() {
        let admission = admission(SLOW);
        let [guesser, neighbour, other] = ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:1::1"]
            .map(|address| address.parse().unwrap());
        for _ in 0..3 {
            admission.may_authenticate(guesser).unwrap();
            admission.authentication_failed(guesser).await;
        }
        for address in [guesser, neighbour] {
            let refused = admission.may_authenticate(address).unwrap_err();
            assert!(matches!(refused, Error::RateLimited { .. }), "{refused}");
        }
        admission.may_authenticate(other).unwrap();
    }

    #[tokio::test]
    async fn upload_bytes_are_delayed_to_their_rate() {
        let admission = admission(20.0);
        let caller = Caller::anonymous();
        let mut allowance = admission.allowance(&caller);
        let begun = Instant::now();
        allowance.spend(3 * 64 * 1024).await;
        // An abandoned call has spent nothing.
        let moment = Duration::from_millis(1);
        while tokio::time::timeout(moment, allowance.spend(64 * 1024))
            .await
            .is_err()
        {}
        allowance.spend(9 * 64 * 1024).await;
        assert!(begun.elapsed() >= Duration::from_millis(500));
    }
}
