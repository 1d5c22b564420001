//! Publishes updates with Redis Pub/Sub. Each operation maps to one of a fixed number of channels, and every instance
//! subscribes to all of them. On a Redis Cluster they are sharded channels, spread over its nodes.

use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisError, cmd, pipe};

use crate::application::ports::event_bus::{EventBus, Feed, Unreachable, Update};
use crate::infrastructure::redis::connection::{Connection, RedisAddress};
use crate::infrastructure::redis::feed;
use crate::infrastructure::redis::message::Seal;

/// The number of channels, which is high enough to spread over the nodes of any cluster, and low enough to subscribe
/// to all at once.
const CHANNELS: u32 = 128;
/// The longest time publishing may take. Waiting updates would be replaced by newer ones.
const PUBLISH_MAX: Duration = Duration::from_millis(500);
/// The number of messages in a pipeline, sent before an answer is awaited.
const PIPELINE: usize = 256;

/// The event bus on Redis.
#[derive(Debug)]
pub struct RedisBus {
    server: RedisAddress,
    connection: Connection,
    seal: Seal,
}

impl RedisBus {
    /// Creates the bus on this server and connection, with a key that all instances share.
    #[must_use]
    pub fn new(server: RedisAddress, connection: &Connection, key: &[u8; 32]) -> Self {
        Self {
            server,
            connection: connection.answering_within(PUBLISH_MAX),
            seal: Seal::new(key),
        }
    }

    /// Returns the channel and the message of an update. `None` means that the message is too long to send.
    fn message(&self, update: &Update) -> Option<(String, Vec<u8>)> {
        let Some(message) = self.seal.close(update) else {
            metrics::counter!("sluice_bus_dropped_total", "why" => "too_long").increment(1);
            return None;
        };
        let number = match update {
            Update::State(operation) => {
                let tenant = crc32c::crc32c(operation.tenant.as_str().as_bytes());
                crc32c::crc32c_append(tenant, operation.uid.bytes()) % CHANNELS
            }
            Update::Change => 0,
        };
        Some((channel(number), message))
    }

    /// Publishes messages one by one: consecutive channels may be on different nodes.
    async fn publish_sharded(&self, messages: &[(String, Vec<u8>)]) -> Result<(), RedisError> {
        let mut connection = self.connection.clone();
        for (channel, message) in messages {
            let mut publish = cmd("SPUBLISH");
            publish.arg(channel).arg(message);
            publish.exec_async(&mut connection).await?;
        }
        Ok(())
    }

    async fn publish_all(&self, messages: &[(String, Vec<u8>)]) -> Result<(), RedisError> {
        let mut connection = self.connection.clone();
        for messages in messages.chunks(PIPELINE) {
            let mut publish = pipe();
            for (channel, message) in messages {
                publish.cmd("PUBLISH").arg(channel).arg(message).ignore();
            }
            publish.exec_async(&mut connection).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, updates: &[Update]) -> Result<(), Unreachable> {
        let messages = updates.iter().filter_map(|update| self.message(update));
        let messages = messages.collect::<Vec<_>>();
        let published = if self.server.is_cluster() {
            self.publish_sharded(&messages).await
        } else {
            self.publish_all(&messages).await
        };
        published.map_err(unreachable)
    }

    async fn listen(&self) -> Result<Box<dyn Feed>, Unreachable> {
        let channels = (0..CHANNELS).map(channel).collect::<Vec<_>>();
        let feed = feed::open(&self.server, &channels, self.seal.clone()).await;
        Ok(Box::new(feed.map_err(unreachable)?))
    }
}

/// Returns the name of a channel. The part in braces selects its node of a cluster.
fn channel(number: u32) -> String {
    format!("{{sluice:{number}}}:operations")
}

fn unreachable(error: RedisError) -> Unreachable {
    Unreachable(Box::new(error))
}
