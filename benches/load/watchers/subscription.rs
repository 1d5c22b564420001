//! The watch of one operation, by WebSocket or by gRPC.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::bail;
use futures_util::SinkExt;
use http::header::AUTHORIZATION;
use prost_types::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio_stream::StreamExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tonic::Streaming;
use tonic::transport::Channel;

use super::credential::Credential;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// The time limit for a server to accept a watch.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// The read buffer of a socket. States have some 500 bytes; the 128 KiB of tungstenite would make a gigabyte for
/// 10,000 watchers.
const READ_BYTES: usize = 1024;
/// The receive buffer of a watcher that does not read, small so that its server notices soon.
const STALLED_BYTES: u32 = 4096;

/// A watch to open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch<'a> {
    /// The credential of the watcher.
    pub(super) credential: &'a Credential,
    /// operations/{operation}.
    pub(super) operation: &'a str,
    /// The sequence number of the last known state.
    pub(super) after_seq: i64,
    /// Whether the watcher reads nothing.
    pub(super) is_stalled: bool,
}

/// The part of a state that the load program uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The sequence number, which is higher than that of the state before.
    pub(super) seq: i64,
    /// Whether the state is the last one.
    pub(super) is_terminal: bool,
    /// The time at which the server began to commit the state.
    pub(super) update_time: Option<SystemTime>,
}

/// An open watch.
#[derive(Debug)]
pub(super) enum Subscription {
    /// A socket of its own, and the operation that it watches.
    Socket(Box<WebSocketStream<TcpStream>>, String),
    /// A stream of a connection that other watches may share.
    Stream(Box<Streaming<pb::WatchOperationResponse>>),
}

impl Subscription {
    /// Opens a watch by WebSocket. The subscription is sent, but not answered yet.
    pub(super) async fn socket(server: SocketAddr, watch: Watch<'_>) -> anyhow::Result<Self> {
        let opening = async {
            let socket = match server {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            if watch.is_stalled {
                socket.set_recv_buffer_size(STALLED_BYTES)?;
            }
            let stream = socket.connect(server).await?;
            stream.set_nodelay(true)?;
            let mut request = format!("ws://{server}/v1/ws").into_client_request()?;
            request.headers_mut().extend(
                watch
                    .credential
                    .header()
                    .map(|value| (AUTHORIZATION, value)),
            );
            let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
            let opened =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
            let (mut socket, _) = opened?;
            let operation = watch.operation.to_owned();
            let subscribe = json!({
                "type": "subscribe", "operation": operation, "after_seq": watch.after_seq,
            });
            socket.send(Message::text(subscribe.to_string())).await?;
            Ok(Self::Socket(Box::new(socket), operation))
        };
        tokio::time::timeout(OPEN_MAX, opening).await?
    }

    /// Opens a watch by gRPC. The server has answered the call.
    pub(super) async fn stream(server: &Channel, watch: Watch<'_>) -> anyhow::Result<Self> {
        let request = pb::WatchOperationRequest {
            name: watch.operation.to_owned(),
            after_seq: watch.after_seq,
        };
        let mut client =
            OperationServiceClient::with_interceptor(server.clone(), watch.credential.clone());
        let opened = tokio::time::timeout(OPEN_MAX, client.watch_operation(request)).await??;
        Ok(Self::Stream(Box::new(opened.into_inner())))
    }

    /// Returns the next state. `None` means that no state follows. Fails if the connection fails.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<State>> {
        match self {
            Self::Socket(socket, _) => frame(socket).await,
            Self::Stream(stream) => {
                let message = stream.message().await?;
                let operation = message.and_then(|message| message.operation);
                Ok(operation.as_ref().map(state))
            }
        }
    }

    /// Reads after the last state, where no state may follow.
    pub(super) async fn after_the_last(&mut self) -> anyhow::Result<Option<State>> {
        // A socket stays open. A state in transit arrives before the answer to `unsubscribe`, which is an error.
        if let Self::Socket(socket, operation) = self {
            let unsubscribe = json!({ "type": "unsubscribe", "operation": operation });
            socket.send(Message::text(unsubscribe.to_string())).await?;
        }
        self.next().await
    }
}

fn state(operation: &pb::Operation) -> State {
    State {
        seq: operation.seq,
        is_terminal: operation.state() != pb::operation::State::Running,
        update_time: operation
            .update_time
            .and_then(|time| SystemTime::try_from(time).ok()),
    }
}

/// Returns the next state. Pings are answered meanwhile.
async fn frame(socket: &mut WebSocketStream<TcpStream>) -> anyhow::Result<Option<State>> {
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        let frame = serde_json::from_str::<Frame<'_>>(&text)?;
        return match frame {
            Frame::State { operation } => Ok(Some(operation.state()?)),
            Frame::Error {
                reason: "NOT_FOUND",
            } => Ok(None),
            Frame::Error { .. } | Frame::Goodbye => bail!("{text}"),
        };
    }
    bail!("the socket was closed")
}

/// The part of a frame that the load program uses. With thousands of watchers there is no time to parse the rest.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame<'a> {
    State {
        #[serde(borrow)]
        operation: StateJson<'a>,
    },
    Error {
        reason: &'a str,
    },
    Goodbye,
}

/// A state in the protos' JSON mapping.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateJson<'a> {
    seq: &'a str,
    state: &'a str,
    update_time: &'a str,
}

impl StateJson<'_> {
    fn state(&self) -> anyhow::Result<State> {
        let update_time = self.update_time.parse::<Timestamp>()?;
        Ok(State {
            seq: self.seq.parse()?,
            is_terminal: self.state != pb::operation::State::Running.as_str_name(),
            update_time: SystemTime::try_from(update_time).ok(),
        })
    }
}
