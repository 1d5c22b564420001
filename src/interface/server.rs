//! One port for everything, gRPC and the web: the accept loop, its limits, and its end.
//!
//! tonic's own server takes no WebSocket upgrades and waits without limit when it stops, so the
//! loop is ours, over `hyper-util`.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::codegen::Service;

use crate::interface::peer::Peer;
use crate::interface::routes::{Services, router};
use crate::interface::tls;

/// Enough to keep one fast upload going; a hundred stalled ones hold 25 MiB.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The lever of upload speed: 16 KiB, the default, costs a third.
const FRAME_BYTES: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 256;
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// A peer that has vanished is noticed so soon.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(20);
/// Connections at once: below the usual limit of open files.
const CONNECTIONS_MAX: usize = 15_000;
/// How long requests under way may take when the server stops, before they are cut off.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// How long the loop rests after the system refused a connection, for want of files say.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves, by TLS if there are settings, until `drain` is cancelled, then ends within 20 seconds: requests under way are told,
/// committed and answered; what is left is cut off, and can be resumed.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub async fn serve(
    listener: TcpListener,
    tls: Option<tls::Settings>,
    services: Services,
    tasks: TaskTracker,
    drain: CancellationToken,
) -> Result<(), tonic_reflection::server::Error> {
    let (health, router) = router(services, &tasks, &drain).await?;
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = drain.cancelled() => break,
        };
        // The semaphore is never closed.
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain.cancelled() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let (tls, router) = (tls.clone(), router.clone());
                let watcher = graceful.watcher();
                tasks.spawn(async move {
                    let peer = Peer {
                        address,
                        certificate: None,
                        place,
                    };
                    connected(stream, peer, tls, router, watcher).await;
                });
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection was not accepted"
                );
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    tasks.close();
    let finished = async {
        graceful.shutdown().await;
        tasks.wait().await;
    };
    if tokio::time::timeout(DRAIN_MAX, finished).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    Ok(())
}

/// The router of one connection: each request knows its peer.
#[derive(Clone)]
struct Connected {
    router: Router,
    peer: Arc<Peer>,
}

impl<B> Service<Request<B>> for Connected
where
    B: HttpBody<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(Arc::clone(&self.peer));
        self.router.call(request)
    }
}

/// Serves a connection to its end. One that breaks is the client's affair; its requests have logged.
async fn connected(
    stream: TcpStream,
    mut peer: Peer,
    tls: Option<tls::Settings>,
    router: Router,
    watcher: Watcher,
) {
    // Latency matters more than packets; without it the connection works as well.
    let _unsupported = stream.set_nodelay(true);
    match tls {
        None => {
            let _broken = watcher.watch(connection(stream, peer, router)).await;
        }
        Some(tls) => {
            if let Some((stream, certificate)) = tls::accept(stream, &tls).await {
                peer.certificate = certificate;
                let _broken = watcher.watch(connection(stream, peer, router)).await;
            }
        }
    }
}

fn connection<S>(stream: S, peer: Peer, router: Router) -> impl GracefulConnection
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WAIT);
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(HEADER_BYTES_MAX as usize);
    let peer = Arc::new(peer);
    let service = TowerToHyperService::new(Connected { router, peer });
    builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned()
}
