//! The watch of one operation, by WebSocket or by gRPC.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::bail;
use futures_util::SinkExt;
use prost_types::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio_stream::StreamExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tonic::Streaming;
use tonic::codegen::http::header::AUTHORIZATION;

use crate::cli::connection::channel::Connection;
use crate::cli::connection::shown::Shown;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// A server that does not answer by then has not taken the watch.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// States have some 500 bytes; tungstenite's own 128 KiB would make a gigabyte for 10,000 watchers.
const READ_BYTES: usize = 1024;
/// What one that does not read lets the system take for it, so that its server notices soon.
const STALLED_BYTES: u32 = 4096;

/// What is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Who watches.
    pub(super) shown: &'a Shown,
    /// operations/{operation}.
    pub(super) operation: &'a str,
    /// The last seq that is known.
    pub(super) after_seq: i64,
    /// Whether nothing will be read.
    pub(super) is_stalled: bool,
}

/// A state, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Higher than that of the state before.
    pub(super) seq: i64,
    /// Whether it is the last.
    pub(super) is_terminal: bool,
    /// When the server began to commit it.
    pub(super) update_time: Option<SystemTime>,
}

/// An open watch.
#[derive(Debug)]
pub(super) enum Feed {
    /// A socket of its own, and what it watches.
    Socket(Box<WebSocketStream<TcpStream>>, String),
    /// A stream of a connection that it may share.
    Stream(Box<Streaming<pb::WatchOperationResponse>>),
}

impl Feed {
    /// Opens one by WebSocket; it is asked for, not answered yet.
    pub(super) async fn socket(server: SocketAddr, wanted: Wanted<'_>) -> anyhow::Result<Self> {
        let opening = async {
            let socket = match server {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            if wanted.is_stalled {
                socket.set_recv_buffer_size(STALLED_BYTES)?;
            }
            let stream = socket.connect(server).await?;
            stream.set_nodelay(true)?;
            let mut request = format!("ws://{server}/v1/ws").into_client_request()?;
            request
                .headers_mut()
                .extend(wanted.shown.header().map(|shown| (AUTHORIZATION, shown)));
            let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
            let opened =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
            let (mut socket, _) = opened?;
            let operation = wanted.operation.to_owned();
            let subscribe = json!({
                "type": "subscribe", "operation": operation, "after_seq": wanted.after_seq,
            });
            socket.send(Message::text(subscribe.to_string())).await?;
            Ok(Self::Socket(Box::new(socket), operation))
        };
        tokio::time::timeout(OPEN_MAX, opening).await?
    }

    /// Opens one by gRPC; it is answered.
    pub(super) async fn stream(server: &Connection, wanted: Wanted<'_>) -> anyhow::Result<Self> {
        let server = server.showing(wanted.shown);
        let request = pb::WatchOperationRequest {
            name: wanted.operation.to_owned(),
            after_seq: wanted.after_seq,
        };
        let mut client = OperationServiceClient::new(server);
        let opened = tokio::time::timeout(OPEN_MAX, client.watch_operation(request)).await??;
        Ok(Self::Stream(Box::new(opened.into_inner())))
    }

    /// The next state; none if nothing more will come. Fails if the connection does.
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

    /// What comes after the last state: nothing.
    pub(super) async fn after_the_last(&mut self) -> anyhow::Result<Option<State>> {
        // A socket goes on. Whatever was under way comes before the answer, which is an error.
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

/// The next frame that is a state; pings are answered meanwhile.
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

/// What matters here of a frame; whoever watches by thousands has no time for the rest.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame<'a> {
    State {
        #[serde(borrow)]
        operation: Told<'a>,
    },
    Error {
        reason: &'a str,
    },
    Goodbye,
}

/// A state in the protos' JSON mapping.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    seq: &'a str,
    state: &'a str,
    update_time: &'a str,
}

impl Told<'_> {
    fn state(&self) -> anyhow::Result<State> {
        let update_time = self.update_time.parse::<Timestamp>()?;
        Ok(State {
            seq: self.seq.parse()?,
            is_terminal: self.state != pb::operation::State::Running.as_str_name(),
            update_time: SystemTime::try_from(update_time).ok(),
        })
    }
}
