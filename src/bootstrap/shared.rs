//! What instances share besides the store, over one connection to Redis.

use std::sync::Arc;

use anyhow::Context;

use crate::application::ports::event_bus::EventBus;
use crate::config::Config;
use crate::infrastructure::redis::connection::Server;
use crate::infrastructure::redis::event_bus::RedisBus;

/// Nothing, if no Redis is configured.
#[derive(Default)]
pub(super) struct Shared {
    /// The way of news to other instances.
    pub(super) event_bus: Option<Arc<dyn EventBus>>,
}

/// What is configured; nobody is connected to yet. `secret` is the store's.
pub(super) fn shared(config: &Config, secret: &[u8; 32]) -> anyhow::Result<Shared> {
    let redis = &config.redis;
    let Some(address) = redis.location.redis() else {
        return Ok(Shared::default());
    };
    let server = Server::at(address, redis.cluster).context("redis.location")?;
    let connection = server.connection().context("redis.location")?;
    Ok(Shared {
        event_bus: Some(Arc::new(RedisBus::new(server, &connection, secret))),
    })
}
