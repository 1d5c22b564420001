//! Opens connections: TCP to one of a host's addresses, then TLS for https.

use std::io;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::codegen::{BoxFuture, Service};
use tonic::transport::Uri;

use crate::cli::connection::address::Address;
use crate::cli::connection::opening::{ConnectionFault, Opening};
use crate::cli::connection::unreached::Why;

/// The time limit of a TCP connection, over all addresses of its host.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// The most addresses of a host that are tried.
const ADDRESSES_MAX: u32 = 8;
/// The time limit of the TLS handshake, which is the server's limit too.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// A connection, private or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Connected = TokioIo<Opening<Box<dyn Stream>>>;

/// Opens connections to one server.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) address: Arc<Address>,
    /// The TLS connector. `None` means plain text.
    pub(super) tls: Option<TlsConnector>,
    /// The fault of the last connection.
    pub(super) fault: ConnectionFault,
}

impl Service<Uri> for Connector {
    type Response = Connected;
    type Error = Why;
    type Future = BoxFuture<Connected, Why>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Why>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await })
    }
}

impl Connector {
    async fn connect(self) -> Result<Connected, Why> {
        self.fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let tcp = timeout(CONNECT_MAX, self.tcp()).await;
        let tcp = tcp.map_err(|_elapsed| Why::TimedOut)??;
        // Latency matters more than the number of packets. The connection works without the option too.
        let _unsupported = tcp.set_nodelay(true);
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => Box::new(self.shake_hands(tls, tcp).await?),
        };
        Ok(TokioIo::new(Opening::new(stream, self.fault)))
    }

    /// Tries the addresses of the host one after the other.
    async fn tcp(&self) -> Result<TcpStream, Why> {
        let host = self.address.host();
        let found = lookup_host((host.as_str(), self.address.port)).await;
        let found = found.map_err(|error| Why::UnknownHost(error.to_string()))?;
        let addresses = found.take(ADDRESSES_MAX as usize).collect::<Vec<_>>();
        let each_max = CONNECT_MAX / u32::try_from(addresses.len().max(1)).unwrap_or(ADDRESSES_MAX);
        let mut why = Why::UnknownHost("it has no address".to_owned());
        for address in addresses {
            match timeout(each_max, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => why = Why::of_tcp(&error),
                Err(_elapsed) => why = Why::TimedOut,
            }
        }
        Err(why)
    }

    async fn shake_hands(
        &self,
        tls: &TlsConnector,
        tcp: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Why> {
        let name = ServerName::try_from(self.address.host());
        let name = name.map_err(|error| Why::Tls(error.to_string()))?;
        let shaken = timeout(HANDSHAKE_MAX, tls.connect(name, tcp)).await;
        let shaken = shaken.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
        shaken.map_err(|error| Why::of_tls(&error))
    }
}
