//! The other end of a connection.

use std::net::SocketAddr;

use crate::interface::transport::connection_limits::ConnectionPermit;

/// The client of a connection. Each request of the connection holds it, and so does a WebSocket that a request
/// becomes.
#[derive(Debug)]
pub struct Peer {
    /// The client's address, or the address of the proxy in between.
    pub address: SocketAddr,
    /// The SHA-256 digest of the client's certificate. `None` if the client has not proved to own one.
    pub certificate: Option<[u8; 32]>,
    /// The permit of the connection. The last holder of the peer releases it.
    pub permit: ConnectionPermit,
}
