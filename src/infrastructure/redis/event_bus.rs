//! News over Redis Pub/Sub: each operation has one of a fixed number of channels, and every instance
//! listens to all of them. On a Redis Cluster they are sharded channels, spread over its nodes.

use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisError, cmd, pipe};

use crate::application::ports::event_bus::{EventBus, Feed, News, Unreachable};
use crate::infrastructure::redis::connection::{Connection, Server};
use crate::infrastructure::redis::feed;
use crate::infrastructure::redis::message::Seal;

/// Enough to be spread evenly over the nodes of any cluster, few enough to be subscribed to at once.
const CHANNELS: u32 = 128;
/// How long publishing may take: news that waits is replaced by newer.
const PUBLISH_MAX: Duration = Duration::from_millis(500);
/// Messages sent without waiting for answers in between.
const PIPELINE: usize = 256;

/// The bus over a Redis.
#[derive(Debug)]
pub struct RedisBus {
    server: Server,
    connection: Connection,
    seal: Seal,
}

impl RedisBus {
    /// Over this server and a connection to it, with a key that all instances share.
    #[must_use]
    pub fn new(server: Server, connection: &Connection, key: &[u8; 32]) -> Self {
        Self {
            server,
            connection: connection.answering_within(PUBLISH_MAX),
            seal: Seal::new(key),
        }
    }

    /// The message of some news, with its channel; none if there is none that could be sent.
    fn message(&self, news: &News) -> Option<(String, Vec<u8>)> {
        let Some(message) = self.seal.close(news) else {
            metrics::counter!("sluice_bus_dropped_total", "why" => "too_long").increment(1);
            return None;
        };
        let number = match news {
            News::State(operation) => {
                let tenant = crc32c::crc32c(operation.tenant.as_bytes());
                crc32c::crc32c_append(tenant, &operation.uid) % CHANNELS
            }
            News::Change => 0,
        };
        Some((channel(number), message))
    }

    /// One after the other: neighbours may be on different nodes.
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
    async fn publish(&self, news: &[News]) -> Result<(), Unreachable> {
        let messages = news.iter().filter_map(|news| self.message(news));
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

/// The name of a channel; the part in braces decides on which node of a cluster it is.
fn channel(number: u32) -> String {
    format!("{{sluice:{number}}}:operations")
}

fn unreachable(error: RedisError) -> Unreachable {
    Unreachable(Box::new(error))
}
