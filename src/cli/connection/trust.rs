//! The certificate authorities that a client trusts.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// The protocol of connections in ALPN (RFC 9113, 3.2).
const HTTP_2: &[u8] = b"h2";

/// Returns a connector that trusts the authorities of a file, or else those of the system.
///
/// # Errors
///
/// Fails if the file cannot be read, or has no certificate.
pub(super) fn connector(authorities: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let roots = match authorities {
        Some(file) => of_file(file).with_context(|| format!("--ca-file {}", file.display()))?,
        None => of_system(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![HTTP_2.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn of_file(file: &Path) -> anyhow::Result<RootCertStore> {
    let text = std::fs::read(file)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.context("is not PEM")?;
        roots
            .add(certificate)
            .context("has an invalid certificate")?;
    }
    ensure!(
        !roots.is_empty(),
        "has no certificate in PEM: it must have a part that begins with -----BEGIN CERTIFICATE-----"
    );
    Ok(roots)
}

/// Returns the system's authorities, without those that cannot be read. Certificates of the latter are refused.
fn of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    roots
}
