//! The backends that instances share besides the store, over one connection to Redis.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::application::ports::event_bus::EventBus;
use crate::application::ports::rate_limiter::RateLimiter;
use crate::config::Config;
use crate::infrastructure::redis::connection::RedisAddress;
use crate::infrastructure::redis::event_bus::RedisBus;
use crate::infrastructure::redis::limits::rate_limiter::RedisLimits;

/// The shared backends. All are `None` if no Redis is configured.
#[derive(Default)]
pub(super) struct Shared {
    /// The bus that carries updates to other instances.
    pub(super) event_bus: Option<Arc<dyn EventBus>>,
    /// The shared counter of limits.
    pub(super) limiter: Option<Arc<dyn RateLimiter>>,
}

/// Returns the configured backends, not connected yet. `secret` is the store's.
pub(super) fn shared(config: &Config, secret: &[u8; 32]) -> anyhow::Result<Shared> {
    let redis = &config.redis;
    let Some(address) = redis.location.redis() else {
        return Ok(Shared::default());
    };
    let server = RedisAddress::at(address, redis.cluster).context("redis.location")?;
    let connection = server.connection().context("redis.location")?;
    let wait_max = Duration::from_millis(config.limits.redis_wait_ms_max.into());
    let limiter = RedisLimits::new(&connection, wait_max);
    Ok(Shared {
        event_bus: Some(Arc::new(RedisBus::new(server, &connection, secret))),
        limiter: Some(Arc::new(limiter)),
    })
}
