//! Serves one connection to its end.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tonic::codegen::Service;

use crate::interface::drained_body::Drained;
use crate::interface::guarded_body::GuardedBody;
use crate::interface::transport::idle_timeout::{IdleTimeouts, RequestActivity};
use crate::interface::transport::peer::Peer;
use crate::interface::transport::throttled_stream::ThrottledStream;

/// The flow-control window of a stream: enough to keep one fast upload going. 100 stalled uploads hold 25 MiB.
/// `drained_body` reads as much after an answer.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The maximum frame size. It decides the speed of uploads: 16 KiB, the default, costs a third of it.
const FRAME_BYTES: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 256;
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Streams that the client may reset before the server accepts them (CVE-2023-44487). With more, the connection is
/// closed.
const RESETS_MAX: usize = 20;
/// Streams that the server may reset because of the client's faults. With more, the connection is closed.
const FAULTS_MAX: usize = 256;
/// The interval of HTTP/2 pings. A vanished peer is detected after at most this time and [`PING_WAIT`].
const PING_EVERY: Duration = Duration::from_secs(30);
/// The time to wait for the answer to a ping.
const PING_WAIT: Duration = Duration::from_secs(20);
/// The time a client has to close its unused connection after the server has announced the end.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// Serves until the connection ends or is unused for too long. Once `closing` is cancelled, serves until the requests
/// under way are answered. A broken connection is not reported here: its requests have logged their ends.
pub(crate) async fn serve<S>(
    stream: S,
    peer: Peer,
    router: Router,
    idle_timeouts: IdleTimeouts,
    closing: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let usage = RequestActivity::new();
    let read_budget = peer.permit.read_budget();
    let service = Connected {
        router,
        peer: Arc::new(peer),
        usage: usage.clone(),
    };
    let builder = builder();
    let stream = TokioIo::new(ThrottledStream::new(stream, read_budget));
    let served = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
    let mut served = pin!(served);
    let is_closing = tokio::select! {
        _ended = served.as_mut() => return,
        () = usage.clone().unused(idle_timeouts) => false,
        () = closing.cancelled() => true,
    };
    if !is_closing && !usage.has_begun() {
        return;
    }
    served.as_mut().graceful_shutdown();
    if is_closing {
        // `interface/server.rs` cuts off the requests that take too long.
        let _ended = served.await;
    } else {
        let _ended = tokio::time::timeout(CLOSE_MAX, served).await;
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(FAULTS_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WAIT);
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
}

/// The router of one connection: it adds the peer to each request, and counts the requests under way.
#[derive(Clone)]
struct Connected {
    router: Router,
    peer: Arc<Peer>,
    usage: RequestActivity,
}

/// The future of a response.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<B> Service<Request<B>> for Connected
where
    B: HttpBody<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = Answering<Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(Arc::clone(&self.peer));
        let under_way = self.usage.begin();
        let mut request = request.map(Body::new);
        let mut answer = None;
        // HTTP/1 has no streams to reset: its connection is closed instead.
        if request.version() == Version::HTTP_2 {
            request = request.map(|body| {
                let (body, its_answer) = Drained::new(body);
                answer = Some(its_answer);
                Body::new(body)
            });
        }
        let answering = self.router.call(request);
        Box::pin(async move {
            let response = answering.await?;
            Ok(response.map(|body| Body::new(GuardedBody::new(body, (under_way, answer)))))
        })
    }
}
