//! Who is at the other end of a connection, told to every request that comes over it.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::extract::Request;
use tonic::codegen::Service;

/// The other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Its address; a proxy's, if there is one between.
    pub address: SocketAddr,
    /// The SHA-256 digest of the certificate that it has proved to own, if it has.
    pub certificate: Option<[u8; 32]>,
}

/// A service whose requests know their peer.
#[derive(Clone, Debug)]
pub struct Introduced<S> {
    /// What serves them.
    pub inner: S,
    /// The peer of its connection.
    pub peer: Peer,
}

impl<S, B> Service<Request<B>> for Introduced<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

/// The peer of a request, if it came over a connection of ours.
#[must_use]
pub fn of(request: &Request) -> Option<Peer> {
    request.extensions().get::<Peer>().copied()
}
