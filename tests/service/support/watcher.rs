//! A WebSocket client.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_stream::StreamExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, error};

use sluice::interface::grpc::pb;

use crate::support::world::{World, first, name_of, spec};

/// The longest wait for a frame: longer than any operation takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Watcher(WebSocketStream<TcpStream>);

/// A frame that a client received, or the end of its connection.
#[derive(Debug)]
pub(crate) enum Heard {
    Frame(Value),
    Closed(u16),
    /// The connection ended without a close code.
    Cut,
}

impl Watcher {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[]).await.unwrap()
    }

    /// Connects with additional headers. The error is the HTTP status and the body of the response.
    pub(crate) async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, Value)> {
        let socket = TcpSocket::new_v4().unwrap();
        // A small receive buffer, so that it fills soon if the client does not read.
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let url = format!("ws://{address}/v1/ws");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let config = WebSocketConfig::default().read_buffer_size(1024);
        let opened =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        match opened {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(refused)) => {
                let body = refused.body().as_deref().unwrap_or_default();
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                Err((refused.status().as_u16(), body))
            }
            Err(other) => unreachable!("{other}"),
        }
    }

    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.0.send(message).await
    }

    pub(crate) async fn tell(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, operation: &str, after_seq: u64) {
        let frame = json!({ "type": "subscribe", "operation": operation, "after_seq": after_seq });
        self.tell(frame).await;
    }

    /// Waits for the next frame, and answers pings meanwhile.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match heard.expect("no frame within 30 s") {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Frame(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(Some(close)))) => return Heard::Closed(close.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(
                    Error::Io(_)
                    | Error::Protocol(error::ProtocolError::ResetWithoutClosingHandshake),
                ))
                | None => return Heard::Cut,
                other => unreachable!("{other:?}"),
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            closed @ (Heard::Closed(_) | Heard::Cut) => unreachable!("{closed:?}"),
        }
    }

    /// Returns the server's close code. Frames before it are skipped.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Frame(_) => {}
                Heard::Closed(code) => return code,
                Heard::Cut => unreachable!("cut without a code"),
            }
        }
    }

    /// Returns the reason of the next frame, which must be an error.
    pub(crate) async fn refusal(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "error", "{frame}");
        frame["reason"].as_str().unwrap().to_owned()
    }

    /// Returns the operation of the next frame, which must be a state.
    pub(crate) async fn state(&mut self) -> Value {
        let mut frame = self.frame().await;
        assert_eq!(frame["type"], "state", "{frame}");
        frame["operation"].take()
    }

    /// Whether the server still answers, with no other frame before the answer.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let none = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";
        self.tell(json!({ "type": "unsubscribe", "operation": none }))
            .await;
        let frame = self.frame().await;
        frame["reason"] == "NOT_FOUND" && frame["operation"] == none
    }
}

/// Returns the sequence number of a state. The JSON mapping of protos writes it as a string.
pub(crate) fn seq(state: &Value) -> u64 {
    state["seq"].as_str().unwrap().parse().unwrap()
}

/// Begins an upload that waits for its client. Returns its spec and the name of its operation.
pub(crate) async fn begun(world: &World, id: &str) -> (pb::UploadSpec, String) {
    let spec = spec(id);
    world.send(vec![first(&spec, b"some text")]).await.unwrap();
    let name = name_of(&spec).replace("uploads", "operations");
    (spec, name)
}
