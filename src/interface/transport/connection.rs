//! One connection, served to its end.

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
use crate::interface::guarded_body::Held;
use crate::interface::transport::idle_timeout::{Patience, Usage};
use crate::interface::transport::peer::Peer;
use crate::interface::transport::throttled_stream::Paced;

/// Enough to keep one fast upload going; a hundred stalled ones hold 25 MiB. `drained_body` takes as much after an answer.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The lever of upload speed: 16 KiB, the default, costs a third.
const FRAME_BYTES: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 256;
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Streams that the client has reset before they were looked at (CVE-2023-44487), and that were reset for
/// its faults: of more the connection is ended.
const RESETS_MAX: usize = 20;
const FAULTS_MAX: usize = 256;
/// A peer that has vanished is noticed so soon.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(20);
/// How long a client that was told that its unused connection ends may take to end it.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// Serves until the connection ends or is unused for too long; once `closing` is cancelled, until what is
/// under way is answered. One that breaks is the client's affair; its requests have logged.
pub(crate) async fn serve<S>(
    stream: S,
    peer: Peer,
    router: Router,
    patience: Patience,
    closing: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let usage = Usage::new();
    let hearing = peer.place.hearing();
    let service = Connected {
        router,
        peer: Arc::new(peer),
        usage: usage.clone(),
    };
    let builder = builder();
    let stream = TokioIo::new(Paced::new(stream, hearing));
    let served = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
    let mut served = pin!(served);
    let is_closing = tokio::select! {
        _ended = served.as_mut() => return,
        () = usage.clone().unused(patience) => false,
        () = closing.cancelled() => true,
    };
    if !is_closing && !usage.has_begun() {
        return;
    }
    served.as_mut().graceful_shutdown();
    if is_closing {
        // Whoever closes cuts off what takes too long.
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

/// The router of one connection: each request knows its peer, and is counted.
#[derive(Clone)]
struct Connected {
    router: Router,
    peer: Arc<Peer>,
    usage: Usage,
}

/// What a request comes to.
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
        let (mut request, mut answer) = (request.map(Body::new), None);
        // HTTP/1 has no streams to reset: there the connection is closed.
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
            Ok(response.map(|body| Body::new(Held::new(body, (under_way, answer)))))
        })
    }
}
