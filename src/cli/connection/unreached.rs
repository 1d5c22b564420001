//! The reason why a server cannot be reached: the address, the cause and the remedy.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;
use tonic::Status;

/// Errors which mean that the other side has closed a connection.
const CLOSED: [io::ErrorKind; 3] = [
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::BrokenPipe,
];

/// A server that cannot be reached, or whose connection was lost.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{url}{}: {why}", .why.before(), .why.behind())]
pub(crate) struct Unreached {
    /// The address of the server.
    pub(super) url: Arc<str>,
    /// The cause.
    pub(super) why: Why,
}

/// The cause why a server cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("the connection is refused: is `sluice serve` running there, and is the port right?")]
    Refused,
    #[error("the host is unknown ({0}): check its name")]
    UnknownHost(String),
    #[error(
        "the server does not answer in time: check host and port, and firewalls and proxies on the way"
    )]
    TimedOut,
    #[error("{0}: check the address and the network")]
    Unreachable(String),
    #[error("the server expects TLS, and the address says plain text: write https://")]
    IsPrivate,
    #[error(
        "the server does not speak TLS, but plain text: write http://, or set its tls.certificate_file"
    )]
    IsPlain,
    #[error("the server does not speak HTTP/2: is that `sluice serve`, and is the port right?")]
    NotHttp2,
    #[error(
        "the connection was closed before an answer came: is that `sluice serve`, and does it expect https://?"
    )]
    Closed,
    #[error(
        "the connection was closed before TLS began: does the server speak plain text (http://)?"
    )]
    ClosedBeforeTls,
    #[error("the server does not answer with gRPC ({0}): is that `sluice serve`?")]
    NotGrpc(String),
    #[error("{0}")]
    Certificate(String),
    #[error("TLS failed ({0})")]
    Tls(String),
    #[error("{0}")]
    Lost(String),
}

impl Why {
    fn before(&self) -> &'static str {
        if matches!(self, Self::Lost(_)) {
            "the connection to "
        } else {
            "cannot reach "
        }
    }

    fn behind(&self) -> &'static str {
        if matches!(self, Self::Lost(_)) {
            " was lost"
        } else {
            ""
        }
    }

    /// Returns the cause of a failed TCP connection.
    pub(super) fn of_tcp(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            Self::Refused
        } else if error.kind() == io::ErrorKind::TimedOut {
            Self::TimedOut
        } else {
            Self::Unreachable(error.to_string())
        }
    }

    /// Returns the cause of a failed TLS handshake.
    pub(super) fn of_tls(error: &io::Error) -> Self {
        let found = error.get_ref();
        let found = found.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match found {
            Some(rustls::Error::InvalidCertificate(fault)) => Self::Certificate(certificate(fault)),
            Some(rustls::Error::InvalidMessage(_)) => Self::IsPlain,
            Some(rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol)) => {
                Self::NotHttp2
            }
            Some(other) => Self::Tls(other.to_string()),
            None if CLOSED.contains(&error.kind()) => Self::ClosedBeforeTls,
            None if error.kind() == io::ErrorKind::TimedOut => Self::TimedOut,
            None => Self::Tls(error.to_string()),
        }
    }
}

/// Explains the fault of a certificate, with the remedy.
fn certificate(fault: &CertificateError) -> String {
    use CertificateError as Fault;

    let (what, remedy) = if matches!(fault, Fault::UnknownIssuer | Fault::BadSignature) {
        (
            "is of an authority that is not trusted".to_owned(),
            "give that authority's certificate by --ca-file",
        )
    } else if matches!(fault, Fault::Expired | Fault::ExpiredContext { .. }) {
        (
            "has expired".to_owned(),
            "renew it, or set this machine's clock",
        )
    } else if matches!(fault, Fault::NotValidYet | Fault::NotValidYetContext { .. }) {
        ("is not valid yet".to_owned(), "set this machine's clock")
    } else if let Fault::NotValidForNameContext { presented, .. } = fault {
        let names = presented.join(", ");
        (
            format!("is for another host ({names})"),
            "use a name that it has",
        )
    } else {
        (format!("is not valid ({fault})"), "replace it")
    };
    format!("the server's certificate {what}: {remedy}")
}

impl Unreached {
    /// Returns the cause of a status. `None` means that the connection did not fail.
    pub(crate) fn of(status: &Status) -> Option<&Self> {
        status.source()?.downcast_ref()
    }

    /// Whether the cause is a mistake that waiting does not fix.
    pub(crate) fn is_mistake(&self) -> bool {
        matches!(
            self.why,
            Why::IsPrivate
                | Why::IsPlain
                | Why::NotHttp2
                | Why::NotGrpc(_)
                | Why::Certificate(_)
                | Why::Tls(_)
        )
    }

    /// Whether the name of the host is unknown.
    pub(crate) fn is_unknown_host(&self) -> bool {
        matches!(self.why, Why::UnknownHost(_))
    }

    /// Whether a connection existed and was lost.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.why, Why::Lost(_))
    }
}

impl From<Unreached> for Status {
    fn from(unreached: Unreached) -> Self {
        let mut status = Self::unavailable(unreached.to_string());
        status.set_source(Arc::new(unreached));
        status
    }
}
