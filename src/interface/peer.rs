//! The other end of a connection.

use std::net::SocketAddr;

use tokio::sync::OwnedSemaphorePermit;

/// Who has connected. Each request of the connection holds it, and so does the socket that one of
/// them may become.
#[derive(Debug)]
pub struct Peer {
    /// Where it is.
    pub address: SocketAddr,
    /// Its place among all connections: given back with the last who holds the peer.
    pub place: OwnedSemaphorePermit,
}
