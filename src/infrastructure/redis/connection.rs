//! The connection for commands. An instance has one connection, which is opened at its first use and after each
//! loss. Each caller sets the longest time it waits for Redis.

use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, ConnectionInfo, IntoConnectionInfo, Pipeline, ProtocolVersion, RedisError,
    RedisFuture, RedisResult, Value,
};

/// The longest time connecting may take: more than a round trip across a continent.
pub(super) const CONNECT_MAX: Duration = Duration::from_millis(250);
/// The longest time to wait for an answer, unless the caller sets another.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// The longest time sent bytes may stay unacknowledged. After it, the network counts as cut.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(2);
/// The largest number of commands that wait for an answer, so that they do not pile up if the server hangs.
const UNDER_WAY_MAX: usize = 1_024;
/// The number of redirects that are followed if a key has moved to another node of a cluster.
const REDIRECTS_MAX: u32 = 2;

/// The address of a Redis server. Its `Debug` output omits the password.
#[derive(Clone)]
pub struct RedisAddress {
    info: ConnectionInfo,
    is_cluster: bool,
}

impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("RedisAddress");
        shown.field("address", &self.info.addr().to_string());
        shown.finish_non_exhaustive()
    }
}

impl RedisAddress {
    /// Parses an address `redis://user:password@host:port/database`. For a cluster, give any of its nodes; the
    /// others are discovered.
    ///
    /// # Errors
    ///
    /// Fails if the address is not valid. Nothing is connected yet.
    pub fn at(address: &str, is_cluster: bool) -> Result<Self, RedisError> {
        let info = address.into_connection_info()?;
        // RESP 3 reports a lost connection at once, and delivers pushed messages on the same connection.
        let settings = info.redis_settings().clone();
        let info = info
            .set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3))
            .set_tcp_settings(tcp());
        Ok(Self { info, is_cluster })
    }

    /// Whether the server is a Redis Cluster.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// Returns a connection that is opened at its first use.
    ///
    /// # Errors
    ///
    /// Fails if the driver rejects the address.
    ///
    /// # Panics
    ///
    /// Panics outside a runtime.
    pub fn connection(&self) -> Result<Connection, RedisError> {
        let way = if self.is_cluster {
            let config = ClusterConfig::new()
                .set_connection_timeout(CONNECT_MAX)
                .set_response_timeout(ANSWER_MAX);
            Backend::Cluster(
                self.cluster()?
                    .get_pending_async_connection_with_config(config),
            )
        } else {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_MAX))
                .set_response_timeout(Some(ANSWER_MAX))
                .set_concurrency_limit(UNDER_WAY_MAX)
                // The next command tries again.
                .set_number_of_retries(0);
            Backend::Single(ConnectionManager::new_lazy_with_config(
                self.client()?,
                config,
            )?)
        };
        Ok(Connection {
            way,
            answer_max: ANSWER_MAX,
        })
    }

    /// Returns the driver's client for one server.
    pub(super) fn client(&self) -> Result<Client, RedisError> {
        Client::open(self.info.clone())
    }

    /// Returns the driver's client for a cluster.
    pub(super) fn cluster(&self) -> Result<ClusterClient, RedisError> {
        ClusterClient::builder([self.info.clone()])
            .use_protocol(ProtocolVersion::RESP3)
            .tcp_settings(tcp())
            .connection_concurrency_limit(UNDER_WAY_MAX)
            .retries(REDIRECTS_MAX)
            .build()
    }
}

/// Sends small messages at once, and detects a cut network.
fn tcp() -> TcpSettings {
    TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(UNACKNOWLEDGED_MAX)
}

/// One connection to a server, or one to each node of a cluster. Clones share it.
#[derive(Clone)]
pub struct Connection {
    way: Backend,
    answer_max: Duration,
}

#[derive(Clone)]
enum Backend {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Connection");
        shown.field("answer_max", &self.answer_max);
        shown.finish_non_exhaustive()
    }
}

impl Connection {
    /// Returns the same connection with another time limit: each command fails after `answer_max`, connecting
    /// included.
    #[must_use]
    pub fn answering_within(&self, answer_max: Duration) -> Self {
        let way = self.way.clone();
        Self { way, answer_max }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let answer = match &mut self.way {
            Backend::Single(connection) => connection.req_packed_command(command),
            Backend::Cluster(connection) => connection.req_packed_command(command),
        };
        Box::pin(within(self.answer_max, answer))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let answers = match &mut self.way {
            Backend::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Backend::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        };
        Box::pin(within(self.answer_max, answers))
    }

    fn get_db(&self) -> i64 {
        match &self.way {
            Backend::Single(connection) => connection.get_db(),
            Backend::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Returns an answer, or a timeout error after `answer_max`.
pub(super) async fn within<T>(
    answer_max: Duration,
    answer: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    let answer = tokio::time::timeout(answer_max, answer).await;
    answer.unwrap_or_else(|_elapsed| {
        let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "Redis did not answer");
        Err(late.into())
    })
}
