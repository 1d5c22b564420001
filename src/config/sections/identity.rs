//! Authentication of clients, and encryption of connections.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Authentication of clients. Without API keys, tokens and a client authority, every client may do everything, so the
/// server listens on this machine only.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Whether API keys are accepted.
    pub api_keys: bool,
    /// The tokens that are accepted.
    pub jwt: Jwt,
}

/// The tokens that are accepted (RFC 7519): those of one issuer for one audience, up to 60 seconds beyond their
/// times.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// The file with the issuer's public keys (RFC 7517), read again when it changes. Empty means that no tokens are
    /// accepted.
    pub jwks_file: PathBuf,
    /// The algorithms by which tokens may be signed: `RS256`, `ES256`, `EdDSA`.
    pub algorithms: Vec<Algorithm>,
    /// The required value of `iss`.
    pub issuer: String,
    /// The required value of `aud`, or one of its values.
    pub audience: String,
    /// The claim that names the tenant.
    pub tenant_claim: String,
    /// The claim that names the role: reader, writer or admin.
    pub role_claim: String,
}

/// The algorithm of a token's signature: by a private key that the server does not have.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// Encryption of connections. Files are PEM, and read again when they change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, then those between it and its authority. Empty means no TLS.
    pub certificate_file: PathBuf,
    /// The private key of the certificate.
    pub key_file: PathBuf,
    /// The authorities of clients' certificates. Empty means that clients are not asked for certificates.
    pub client_ca_file: PathBuf,
    /// Whether a proxy in front of the server does TLS, so that the server needs none.
    pub behind_proxy: bool,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            jwks_file: PathBuf::new(),
            algorithms: vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa],
            issuer: String::new(),
            audience: String::new(),
            tenant_claim: "tenant".to_owned(),
            role_claim: "role".to_owned(),
        }
    }
}

impl Jwt {
    /// Whether tokens are accepted.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.jwks_file.as_os_str().is_empty()
    }

    /// Returns the first required setting that is missing.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let settings = [
            ("identity.jwt.issuer", self.issuer.is_empty()),
            ("identity.jwt.audience", self.audience.is_empty()),
            ("identity.jwt.tenant_claim", self.tenant_claim.is_empty()),
            ("identity.jwt.role_claim", self.role_claim.is_empty()),
            ("identity.jwt.algorithms", self.algorithms.is_empty()),
        ];
        let missing = settings.iter().find(|(_, is_missing)| *is_missing);
        missing.filter(|_| self.is_on()).map(|(key, _)| *key)
    }
}

impl Tls {
    /// Whether connections are encrypted.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.certificate_file.as_os_str().is_empty()
    }

    /// Whether clients may present certificates.
    #[must_use]
    pub fn asks_clients(&self) -> bool {
        !self.client_ca_file.as_os_str().is_empty()
    }

    /// Returns the required setting that is missing.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let has_key = !self.key_file.as_os_str().is_empty();
        if !self.is_on() && (has_key || self.asks_clients()) {
            Some("tls.certificate_file")
        } else if self.is_on() && !has_key {
            Some("tls.key_file")
        } else {
            None
        }
    }
}
