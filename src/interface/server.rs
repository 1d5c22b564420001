//! One port for everything, gRPC and the web: the accept loop, its limits, and its end.
//!
//! tonic's own server takes no WebSocket upgrades and waits without limit when it stops, so the
//! loop is ours, over `hyper-util`.

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
use crate::interface::transport::connection_limits::Connections;
use crate::interface::transport::frame_cost::{CONNECTION, HANDSHAKE};
use crate::interface::transport::idle_timeout::Patience;
use crate::interface::transport::peer::Peer;
use crate::interface::transport::tls;

/// How long requests under way may take when the server stops, before they are cut off.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// How long the loop rests after the system refused a connection, for want of files say.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Where connections come in, and how they are treated.
#[derive(Debug)]
pub struct Entrance {
    /// Where they come in; at least one.
    pub listeners: Vec<TcpListener>,
    /// Makes them private; none: they are not.
    pub tls: Option<tls::Settings>,
    /// How many there may be.
    pub connections: Connections,
    /// How long they may be unused.
    pub patience: Patience,
    /// While memory is nearly used up only a few are let in.
    pub pressure: Pressure,
}

/// Serves until `drain` is cancelled, then ends within 20 seconds: requests under way are told,
/// committed and answered; what is left is cut off, and can be resumed.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub async fn serve(
    entrance: Entrance,
    services: Services,
    tasks: TaskTracker,
    drain: CancellationToken,
) -> Result<(), tonic_reflection::server::Error> {
    let (health, router) = router(services, &tasks, &drain).await?;
    let closing = CancellationToken::new();
    while let Some((stream, address, room)) = next(&entrance, &drain).await {
        let is_too_much = entrance.pressure.is_on() && entrance.connections.are_many();
        let admitted = entrance.connections.enter(room, address.ip());
        let place = admitted.filter(|_| !is_too_much);
        let Some(place) = place else {
            metrics::counter!("sluice_connections_refused_total").increment(1);
            continue;
        };
        let peer = Peer {
            address,
            certificate: None,
            place,
        };
        let (tls, patience) = (entrance.tls.clone(), entrance.patience);
        let (router, closing) = (router.clone(), closing.clone());
        tasks.spawn(connected(stream, peer, tls, router, patience, closing));
    }
    drop(entrance);
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    // Last: who connects once more is refused by then, and who asks for the health is told.
    closing.cancel();
    tasks.close();
    if tokio::time::timeout(DRAIN_MAX, tasks.wait()).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    Ok(())
}

/// The next connection, once there is room for it; none once `drain` is cancelled.
async fn next(
    entrance: &Entrance,
    drain: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accepting = async {
        let room = entrance.connections.room().await?;
        loop {
            match accept(&entrance.listeners).await {
                Ok((stream, address)) => return Some((stream, address, room)),
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

/// The next connection of any of them.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut polled = listeners.iter().map(|each| each.poll_accept(context));
        let accepted = polled.find(Poll::is_ready);
        accepted.unwrap_or(Poll::Pending)
    })
    .await
}

/// Serves a connection, once it is private if it has to be.
async fn connected(
    stream: TcpStream,
    mut peer: Peer,
    tls: Option<tls::Settings>,
    router: Router,
    patience: Patience,
    closing: CancellationToken,
) {
    let cost = if tls.is_some() { HANDSHAKE } else { CONNECTION };
    let wait = peer.place.hearing().charge(cost);
    // Of one that was not heard yet nothing is lost when the server goes down: its client connects elsewhere.
    let rested = tokio::time::sleep(wait);
    if !wait.is_zero() && closing.run_until_cancelled(rested).await.is_none() {
        return;
    }
    // Latency matters more than packets; without it the connection works as well.
    let _unsupported = stream.set_nodelay(true);
    match tls {
        None => connection::serve(stream, peer, router, patience, closing).await,
        Some(tls) => {
            if let Some((stream, certificate)) = tls::accept(stream, &tls).await {
                peer.certificate = certificate;
                connection::serve(stream, peer, router, patience, closing).await;
            }
        }
    }
}
