//! The rate limiter that all instances share.

use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, RedisError, Script};

use crate::application::ports::rate_limiter::{Amount, CounterKey, Member, RateLimiter, Used};
use crate::application::store_error::Error;
use crate::domain::limits::class::ConcurrencyLimitKind;
use crate::domain::limits::rate::{Rate, RateDecision};
use crate::domain::names::resource::TenantId;
use crate::infrastructure::redis::connection::Connection;
use crate::infrastructure::redis::limits::keys;

/// The longest time a request for the limits waits for one page.
const USAGE_MAX: Duration = Duration::from_secs(1);
/// The time for which the used limits of a tenant are remembered.
const NOTES_LIFETIME: Duration = Duration::from_mins(10);
/// The number of used limits that are remembered for each tenant.
const NOTES_MAX: u32 = 1_000;

/// The limits in Redis.
#[derive(Debug)]
pub struct RedisLimits {
    connection: Connection,
    gcra: Script,
    acquire_slot: Script,
    renew_slots: Script,
    record_key: Script,
    usage: Script,
}

impl RedisLimits {
    /// Creates the limiter on a shared connection. Each request waits at most `wait_max` for an answer.
    #[must_use]
    pub fn new(connection: &Connection, wait_max: Duration) -> Self {
        Self {
            connection: connection.answering_within(wait_max),
            gcra: Script::new(include_str!("gcra.lua")),
            acquire_slot: Script::new(include_str!("acquire_slot.lua")),
            renew_slots: Script::new(include_str!("renew_slots.lua")),
            record_key: Script::new(include_str!("record_key.lua")),
            usage: Script::new(include_str!("usage.lua")),
        }
    }

    async fn decide(&self, name: &str, rate: Rate, units: u64) -> Result<RateDecision, RedisError> {
        if units > rate.burst() {
            return Ok(RateDecision::Never);
        }
        let mut invocation = self.gcra.key(name);
        invocation.arg(rate.cost_us(units)).arg(rate.window_us());
        let mut connection = self.connection.clone();
        let (passes, wait_us, full_after_us) = invocation.invoke_async(&mut connection).await?;
        Ok(if passes {
            RateDecision::Admitted { full_after_us }
        } else {
            RateDecision::Wait {
                wait_us,
                full_after_us,
            }
        })
    }
}

#[async_trait]
impl RateLimiter for RedisLimits {
    async fn check(&self, key: &CounterKey, rate: Rate, units: u64) -> Result<RateDecision, Error> {
        let decision = self.decide(&keys::of(key), rate, units).await;
        decision.map_err(unavailable)
    }

    async fn acquire(
        &self,
        key: &CounterKey,
        member: Member,
        most: u32,
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let mut invocation = self.acquire_slot.key(keys::of(key));
        invocation.arg(&bytes(member)).arg(most).arg(ms(lifetime));
        let mut connection = self.connection.clone();
        let taken = invocation.invoke_async(&mut connection).await;
        taken.map_err(unavailable)
    }

    async fn renew(
        &self,
        key: &CounterKey,
        members: &[Member],
        lifetime: Duration,
    ) -> Result<(), Error> {
        let mut invocation = self.renew_slots.key(keys::of(key));
        invocation.arg(ms(lifetime));
        for member in members {
            invocation.arg(&bytes(*member));
        }
        let mut connection = self.connection.clone();
        let kept = invocation.invoke_async::<()>(&mut connection).await;
        kept.map_err(unavailable)
    }

    async fn release(&self, key: &CounterKey, members: &[Member]) -> Result<(), Error> {
        let mut command = Cmd::new();
        command.arg("ZREM").arg(keys::of(key));
        for member in members {
            command.arg(&bytes(*member));
        }
        let mut connection = self.connection.clone();
        let released = command.query_async::<()>(&mut connection).await;
        released.map_err(unavailable)
    }

    async fn probe(&self) -> Result<(), Error> {
        let rate = Rate::new(1_000.0, 1);
        let probed = self.decide(keys::PROBE, rate, 1).await;
        probed.map(|_decision| ()).map_err(unavailable)
    }

    async fn note(&self, tenant: &TenantId, keys: &[CounterKey]) -> Result<(), Error> {
        let mut invocation = self.record_key.key(keys::noted(tenant));
        invocation.arg(ms(NOTES_LIFETIME)).arg(NOTES_MAX);
        for key in keys {
            invocation.arg(keys::of(key));
        }
        let mut connection = self.connection.clone();
        let noted = invocation.invoke_async::<()>(&mut connection).await;
        noted.map_err(unavailable)
    }

    async fn usage(&self, tenant: &TenantId, most: usize) -> Result<Vec<Used>, Error> {
        let mut connection = self.connection.answering_within(USAGE_MAX);
        let mut newest = Cmd::new();
        newest
            .arg("ZREVRANGE")
            .arg(keys::noted(tenant))
            .arg(0)
            .arg(most.saturating_sub(1));
        let noted = newest.query_async::<Vec<String>>(&mut connection).await;
        let mut usage = Vec::new();
        for name in noted.map_err(unavailable)? {
            // Another release may use limits that this one does not know.
            let Some(key) = keys::key(&name) else {
                continue;
            };
            let used = self.usage.key(&name).invoke_async(&mut connection).await;
            let used = used.map_err(unavailable)?;
            let amount = match ConcurrencyLimitKind::named(key.limit) {
                Some(_) => Amount::Slots(used),
                None => Amount::FullAfterUs(used),
            };
            usage.push(Used { key, amount });
        }
        Ok(usage)
    }
}

fn bytes(member: Member) -> [u8; 24] {
    let mut bytes = [0; 24];
    let (instance, number) = bytes.split_at_mut(16);
    instance.copy_from_slice(member.instance.bytes());
    number.copy_from_slice(&member.number.to_be_bytes());
    bytes
}

fn ms(lifetime: Duration) -> u64 {
    u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX)
}

fn unavailable(error: RedisError) -> Error {
    Error::Unavailable(error.into())
}
