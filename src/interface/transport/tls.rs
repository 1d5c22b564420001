//! TLS handshakes of accepted connections.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::domain::ingest::digest;

/// The settings that the next handshake uses: certificates change without a restart.
pub type Settings = watch::Receiver<Arc<ServerConfig>>;

/// The maximum time of a handshake: a slower client would hold a permit for nothing.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// Performs the handshake. Returns the stream and the SHA-256 digest of the client's certificate; the digest is
/// `None` if the client has sent none. Returns `None` if the handshake fails or takes too long, and logs that at the
/// debug level only.
pub async fn accept(
    stream: TcpStream,
    settings: &Settings,
) -> Option<(TlsStream<TcpStream>, Option<[u8; 32]>)> {
    let acceptor = TlsAcceptor::from(Arc::clone(&settings.borrow()));
    let accepted = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            return None;
        }
        Err(_) => {
            tracing::debug!("a handshake took too long");
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    let certificates = session.peer_certificates();
    let certificate = certificates.and_then(|chain| chain.first());
    let digest = certificate.map(|certificate| digest::sha256(certificate));
    Some((stream, digest))
}
