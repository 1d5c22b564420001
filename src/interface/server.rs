//! One port for gRPC and the web: the accept loop, its limits, and its shutdown.
//!
//! tonic's own server supports no WebSocket upgrades and waits without limit when it stops, so this loop uses
//! `hyper-util` directly.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::memory::pressure::Pressure;
use crate::interface::router::{Services, router};
use crate::interface::transport::connection;
use crate::interface::transport::connection_limits::ConnectionLimits;
use crate::interface::transport::frame_cost::{CONNECTION, HANDSHAKE};
use crate::interface::transport::idle_timeout::IdleTimeouts;
use crate::interface::transport::peer::Peer;
use crate::interface::transport::tls;

/// The time requests under way have to end when the server stops, before they are cut off.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// The pause after the system refused a connection, for example because too many files are open.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The listeners, and the limits of the connections that they accept.
#[derive(Debug)]
pub struct ServerSettings {
    /// The listeners; at least one.
    pub listeners: Vec<TcpListener>,
    /// The TLS settings. `None` means that connections are not encrypted.
    pub tls: Option<tls::Settings>,
    /// The limits on the number of connections.
    pub connections: ConnectionLimits,
    /// The time for which a connection may be unused.
    pub idle_timeouts: IdleTimeouts,
    /// Memory pressure: while memory is nearly used up, only a few connections are accepted.
    pub pressure: Pressure,
}

/// Serves until `drain` is cancelled, then stops within 20 seconds. Requests under way are notified, committed and
/// answered. The rest is cut off, and can be resumed.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub async fn serve(
    settings: ServerSettings,
    services: Services,
    tasks: TaskTracker,
    drain: CancellationToken,
) -> Result<(), tonic_reflection::server::Error> {
    let (health, router) = router(services, &tasks, &drain).await?;
    let closing = CancellationToken::new();
    while let Some((stream, address, total_permit)) = next(&settings, &drain).await {
        let is_too_much = settings.pressure.is_on() && settings.connections.are_many();
        let admitted = settings.connections.enter(total_permit, address.ip());
        let permit = admitted.filter(|_| !is_too_much);
        let Some(permit) = permit else {
            metrics::counter!("sluice_connections_refused_total").increment(1);
            continue;
        };
        let peer = Peer {
            address,
            certificate: None,
            permit,
        };
        let tls = settings.tls.clone();
        let idle_timeouts = settings.idle_timeouts;
        let router = router.clone();
        let closing = closing.clone();
        tasks.spawn(connected(stream, peer, tls, router, idle_timeouts, closing));
    }
    drop(settings);
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    // Last: by now new connections are refused, and health checks report that the server does not serve.
    closing.cancel();
    tasks.close();
    if tokio::time::timeout(DRAIN_MAX, tasks.wait()).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    Ok(())
}

/// Waits for a permit, then accepts the next connection. Returns `None` once `drain` is cancelled.
async fn next(
    settings: &ServerSettings,
    drain: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accepting = async {
        let total_permit = settings.connections.acquire().await?;
        loop {
            match accept(&settings.listeners).await {
                Ok((stream, address)) => return Some((stream, address, total_permit)),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a connection was not accepted"
                    );
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    };
    drain.run_until_cancelled(accepting).await.flatten()
}

/// Accepts the next connection of any listener.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut polled = listeners.iter().map(|each| each.poll_accept(context));
        let accepted = polled.find(Poll::is_ready);
        accepted.unwrap_or(Poll::Pending)
    })
    .await
}

/// Serves a connection, after its TLS handshake if TLS is configured.
async fn connected(
    stream: TcpStream,
    mut peer: Peer,
    tls: Option<tls::Settings>,
    router: Router,
    idle_timeouts: IdleTimeouts,
    closing: CancellationToken,
) {
    let cost = if tls.is_some() { HANDSHAKE } else { CONNECTION };
    let wait = peer.permit.read_budget().charge(cost);
    // A connection that was not read yet loses nothing when the server stops: its client connects elsewhere.
    let rested = tokio::time::sleep(wait);
    if !wait.is_zero() && closing.run_until_cancelled(rested).await.is_none() {
        return;
    }
    // Latency matters more than the number of packets. If the option fails, the connection works anyway.
    let _unsupported = stream.set_nodelay(true);
    match tls {
        None => connection::serve(stream, peer, router, idle_timeouts, closing).await,
        Some(tls) => {
            if let Some((stream, certificate)) = tls::accept(stream, &tls).await {
                peer.certificate = certificate;
                connection::serve(stream, peer, router, idle_timeouts, closing).await;
            }
        }
    }
}
