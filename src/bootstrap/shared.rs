//! What instances share besides the store, over one connection to Redis.

use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::bus::{Bus, Link};
use crate::application::ports::event_bus::EventBus;
use crate::application::ports::store::Store;
use crate::application::reconciler::Reconciler;
use crate::application::relay::Relay;
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

impl Shared {
    /// The bus of this instance.
    pub(super) fn bus(&self, config: &Config) -> Bus {
        let is_shared = config.store.location.database().is_some();
        let link = if is_shared { Link::Down } else { Link::Alone };
        Bus::new(link, self.event_bus.is_some())
    }

    /// Begins to carry news from other instances and to them, and to look for what was lost.
    pub(super) fn carry(
        &self,
        bus: &Arc<Bus>,
        store: &Arc<dyn Store>,
        tasks: &TaskTracker,
        drain: &CancellationToken,
    ) {
        let reconciler = Reconciler {
            store: Arc::clone(store),
            bus: Arc::clone(bus),
        };
        tasks.spawn(reconciler.run(drain.clone()));
        if let Some(event_bus) = &self.event_bus {
            let relay = Relay {
                bus: Arc::clone(bus),
                event_bus: Arc::clone(event_bus),
            };
            tasks.spawn(relay.run(drain.clone()));
        }
    }
}
