//! Calls to a server. Each sends the credential, and each fault of the connection is explained.

use std::error::Error;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response, header};
use tonic::codegen::{BoxFuture, Service};
use tonic::transport::{Channel, Endpoint, Uri};

use crate::cli::connection::address::Address;
use crate::cli::connection::connector::Connector;
use crate::cli::connection::credential::Credential;
use crate::cli::connection::opening::ConnectionFault;
use crate::cli::connection::trust;
use crate::cli::connection::unreached::{Unreached, Why};

/// The flow control window: large enough for many watches of small messages on one connection (RUSTSEC-2026-0258).
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// The keepalive interval. Servers may treat intervals far below a minute as abuse (gRPC's keepalive guide).
const PING_EVERY: Duration = Duration::from_mins(1);
const PING_WAIT: Duration = Duration::from_secs(20);
/// The prefix of the content type of gRPC answers.
const GRPC: &[u8] = b"application/grpc";

/// A connection that is opened on first use, and again when necessary.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    channel: Channel,
    credential: Credential,
    way: Arc<ServerState>,
}

/// The address of a server, and the state of its connection.
#[derive(Debug)]
struct ServerState {
    url: Arc<str>,
    fault: ConnectionFault,
    has_answered: AtomicBool,
}

impl Connection {
    /// Returns a connection to a server. An authority of that file, or else of the system, must have issued its
    /// certificate.
    ///
    /// # Errors
    ///
    /// Fails if the file has no certificate authority.
    pub(crate) fn new(
        address: Address,
        authorities: Option<&Path>,
        credential: Credential,
    ) -> anyhow::Result<Self> {
        let url = address.to_string();
        let origin = url.parse::<Uri>().context("the address")?;
        // The connector adds TLS, which tonic would refuse for an https address.
        let plain = format!("http://{}:{}", address.host, address.port);
        let tls = address.is_private.then(|| trust::connector(authorities));
        let fault = ConnectionFault::default();
        let connector = Connector {
            tls: tls.transpose()?,
            address: Arc::new(address),
            fault: Arc::clone(&fault),
        };
        let channel = Endpoint::from_shared(plain)?
            .origin(origin)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            // Keepalive detects a server that vanished without closing the connection.
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WAIT)
            .connect_with_connector_lazy(connector);
        let way = ServerState {
            url: url.into(),
            fault,
            has_answered: AtomicBool::new(false),
        };
        Ok(Self {
            channel,
            credential,
            way: Arc::new(way),
        })
    }

    /// Returns the server's address.
    pub(crate) fn url(&self) -> &str {
        &self.way.url
    }

    /// Whether the server has answered a call, successfully or not.
    pub(crate) fn has_answered(&self) -> bool {
        self.way.has_answered.load(Ordering::Relaxed)
    }
}

impl ServerState {
    /// Finds the cause of an error from the layers below. Some of them drop the cause, which the connector keeps.
    fn unreached(&self, error: &(dyn Error + 'static)) -> Unreached {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match (why_of(error), fault.take()) {
            (Why::Lost(_), Some(kept)) => self.is(kept),
            (why, _) => self.is(why),
        }
    }

    fn is(&self, why: Why) -> Unreached {
        Unreached {
            url: Arc::clone(&self.url),
            why,
        }
    }

    /// Fails if the answer is not gRPC, because then it comes from another kind of server.
    fn check(&self, response: &Response<Body>) -> Result<(), Status> {
        let headers = response.headers();
        let content = headers.get(header::CONTENT_TYPE);
        let is_grpc = content.is_some_and(|content| content.as_bytes().starts_with(GRPC));
        if is_grpc || headers.contains_key(Status::GRPC_STATUS) {
            self.has_answered.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let status = response.status();
        Err(if status.is_server_error() {
            // A proxy answers for a server that is away.
            self.is(Why::Unreachable(format!("a proxy answers {status}")))
                .into()
        } else {
            self.is(Why::NotGrpc(status.to_string())).into()
        })
    }
}

/// Returns the cause that an error carries. An error without one is that of a lost connection.
fn why_of(error: &(dyn Error + 'static)) -> Why {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut last = String::new();
    for cause in causes {
        if let Some(why) = cause.downcast_ref::<Why>() {
            return why.clone();
        }
        last = cause.to_string();
    }
    Why::Lost(last)
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<Response<Body>, Status>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let ready = self.channel.poll_ready(context);
        ready.map_err(|error| self.way.unreached(&error).into())
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(value) = self.credential.header() {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        // Use the channel that is ready, and keep its clone for the next call.
        let other = self.channel.clone();
        let mut channel = std::mem::replace(&mut self.channel, other);
        let way = Arc::clone(&self.way);
        Box::pin(async move {
            let answered = channel.call(request).await;
            let response = answered.map_err(|error| way.unreached(&error))?;
            way.check(&response)?;
            Ok(response.map(|body| Body::new(ResponseBody { body, way })))
        })
    }
}

/// The body of an answer, which may end early.
struct ResponseBody {
    body: Body,
    way: Arc<ServerState>,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        polled.map_err(|status| {
            let cause: &(dyn Error + 'static) = &status;
            // The fault that the connector keeps is of a later connection: another call may have reconnected.
            self.way.is(why_of(cause.source().unwrap_or(cause))).into()
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
