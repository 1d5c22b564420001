//! Receives updates from Redis, on a connection that is used for nothing else.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionLike, MultiplexedConnection, SendError};
use redis::cluster::ClusterConfig;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, RedisError, Value, cmd};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::ports::event_bus::{Feed, Update};
use crate::infrastructure::redis::connection::{CONNECT_MAX, RedisAddress, within};
use crate::infrastructure::redis::message::Seal;

/// The longest time subscribing may take, on all nodes together.
const SUBSCRIBE_MAX: Duration = Duration::from_secs(5);
/// The longest time to wait for an answer. After it, the server counts as lost.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// The interval at which every node is pinged. A network that drops packets gives no other sign.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The number of messages that may wait to be read, at most 8 MiB. Beyond it, the newest are dropped.
const WAITING_MAX: usize = 1_024;

/// A feed of subscribed channels.
#[derive(Debug)]
pub(super) struct RedisFeed {
    messages: mpsc::Receiver<Vec<u8>>,
    /// Cancelled when a connection or a channel is lost.
    lost: CancellationToken,
    connection: Subscriber,
    check_at: Instant,
    seal: Seal,
}

/// The subscribed connection, which is closed when it is dropped.
enum Subscriber {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl std::fmt::Debug for Subscriber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Subscriber").finish_non_exhaustive()
    }
}

/// Subscribes to all these channels.
pub(super) async fn open(
    server: &RedisAddress,
    channels: &[String],
    seal: Seal,
) -> Result<RedisFeed, RedisError> {
    let (sender, messages) = mpsc::channel(WAITING_MAX);
    let lost = CancellationToken::new();
    let taker = taker(sender, lost.clone());
    let connection = within(SUBSCRIBE_MAX, subscribe(server, channels, taker)).await?;
    Ok(RedisFeed {
        messages,
        lost,
        connection,
        check_at: Instant::now() + CHECK_EVERY,
        seal,
    })
}

async fn subscribe(
    server: &RedisAddress,
    channels: &[String],
    taker: impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static,
) -> Result<Subscriber, RedisError> {
    if !server.is_cluster() {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX))
            .set_push_sender(taker);
        let client = server.client()?;
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connection.await?;
        connection.subscribe(channels).await?;
        return Ok(Subscriber::Single(connection));
    }
    let config = ClusterConfig::new()
        .set_connection_timeout(CONNECT_MAX)
        .set_response_timeout(ANSWER_MAX)
        .set_push_sender(taker);
    let client = server.cluster()?;
    let mut connection = client.get_async_connection_with_config(config).await?;
    // One command per channel: the channels of one command must be on the same node.
    for channel in channels {
        connection.ssubscribe(channel).await?;
    }
    Ok(Subscriber::Cluster(connection))
}

/// Returns the receiver of the server's pushes, which never blocks.
fn taker(
    messages: mpsc::Sender<Vec<u8>>,
    lost: CancellationToken,
) -> impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static {
    move |PushInfo { kind, data }| {
        if matches!(kind, PushKind::Message | PushKind::SMessage) {
            // The data are the channel, and then the message.
            if let Some(Value::BulkString(message)) = data.into_iter().nth(1)
                && messages.try_send(message).is_err()
            {
                dropped("full");
            }
        } else if matches!(
            kind,
            // A connection has ended, or a channel has moved to another node.
            PushKind::Disconnection | PushKind::Unsubscribe | PushKind::SUnsubscribe
        ) {
            lost.cancel();
        }
        Ok(())
    }
}

impl RedisFeed {
    /// Whether every node answers.
    async fn is_there(&mut self) -> bool {
        self.check_at = Instant::now() + CHECK_EVERY;
        let ping = cmd("PING");
        let answer = match &mut self.connection {
            Subscriber::Single(connection) => connection.req_packed_command(&ping),
            Subscriber::Cluster(connection) => connection.req_packed_command(&ping),
        };
        within(ANSWER_MAX, answer).await.is_ok()
    }
}

#[async_trait]
impl Feed for RedisFeed {
    async fn next(&mut self) -> Option<Update> {
        let lost = self.lost.clone();
        loop {
            tokio::select! {
                biased;
                () = lost.cancelled() => return None,
                () = tokio::time::sleep_until(self.check_at) => if !self.is_there().await {
                    return None;
                },
                message = self.messages.recv() => match self.seal.open(&message?) {
                    Ok(update) => return Some(update),
                    Err(fault) => dropped(fault.name()),
                },
            }
        }
    }
}

fn dropped(why: &'static str) {
    metrics::counter!("sluice_bus_dropped_total", "why" => why).increment(1);
}
