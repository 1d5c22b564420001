//! The other end of a connection.

use std::net::SocketAddr;

use crate::interface::transport::connection_limits::Place;

/// Who has connected. Each request of the connection holds it, and so does the socket that one of
/// them may become.
#[derive(Debug)]
pub struct Peer {
    /// Where it is; a proxy, if there is one between.
    pub address: SocketAddr,
    /// The SHA-256 digest of the certificate that it has proved to own, if it has.
    pub certificate: Option<[u8; 32]>,
    /// Its place among all connections: given back with the last who holds the peer.
    pub place: Place,
}
