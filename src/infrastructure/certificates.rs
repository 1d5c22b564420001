//! Builds the TLS settings from the server's certificate and the authorities of client certificates.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::infrastructure::reloading_files::{Error, Refused, Watched};

/// Protocols offered to clients by ALPN: HTTP/2 for gRPC, and HTTP/1.1 for browsers.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Paths of the PEM files.
#[derive(Clone, Debug)]
pub struct Files {
    /// The server's certificate, followed by the intermediate certificates up to its authority.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// The authorities of client certificates. `None` means that the server requests no certificate.
    pub client_authorities: Option<PathBuf>,
}

/// Opens the TLS settings, which are rebuilt whenever a file changes.
///
/// # Errors
///
/// Fails if a file cannot be read, or if the certificate, the key and the authorities do not fit together.
pub fn open(files: Files) -> Result<Watched<ServerConfig>, Error> {
    let paths = [
        Some(files.certificate),
        Some(files.key),
        files.client_authorities,
    ];
    let paths = paths.into_iter().flatten().collect();
    Watched::open(paths, Box::new(settings))
}

fn settings(contents: &[Vec<u8>]) -> Result<ServerConfig, Refused> {
    let [certificate, key, authorities @ ..] = contents else {
        return Err("a certificate and its key are needed".into());
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match authorities.first() {
        Some(authorities) => builder.with_client_cert_verifier(clients(authorities, provider)?),
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_slice(key)?;
    let mut settings = builder.with_single_cert(chain(certificate)?, key)?;
    settings.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(settings)
}

/// Returns the verifier of client certificates. A client may present no certificate and use other credentials.
fn clients(
    authorities: &[u8],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Refused> {
    let mut roots = RootCertStore::empty();
    for authority in chain(authorities)? {
        roots.add(authority)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok(verifier.allow_unauthenticated().build()?)
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Refused> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err("there is no certificate in it".into());
    }
    Ok(chain)
}
