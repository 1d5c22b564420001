//! Who may ask, and how connections are kept private.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Who may ask. With none of it, and without a client authority, everybody may do everything, so the
/// server listens on this machine only.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Whether API keys are taken.
    pub api_keys: bool,
    /// Which tokens are taken.
    pub jwt: Jwt,
}

/// Which tokens are taken (RFC 7519): those of one issuer for one audience, for 60 seconds beyond their times.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// The issuer's public keys (RFC 7517); empty: no tokens are taken. Read again when it changes.
    pub jwks_file: PathBuf,
    /// By which algorithms they may be signed: `RS256`, `ES256`, `EdDSA`.
    pub algorithms: Vec<Algorithm>,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be, or have among others.
    pub audience: String,
    /// The claim that names the tenant.
    pub tenant_claim: String,
    /// The claim that names the role: reader, writer or admin.
    pub role_claim: String,
}

/// How a token may be signed: by a private key that the server does not have.
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

/// How connections are kept private. Files are PEM, and read again when they change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, then those between it and its authority; empty: no TLS.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The authorities of clients' certificates; empty: none are asked for.
    pub client_ca_file: PathBuf,
    /// Whether a proxy before the server does TLS: then it may do without.
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
    /// Whether any token is taken.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.jwks_file.as_os_str().is_empty()
    }

    /// The first setting that is missing.
    pub(super) fn missing(&self) -> Option<&'static str> {
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
    /// Whether connections are private.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.certificate_file.as_os_str().is_empty()
    }

    /// Whether clients may show certificates.
    #[must_use]
    pub fn asks_clients(&self) -> bool {
        !self.client_ca_file.as_os_str().is_empty()
    }

    /// The setting that is missing.
    pub(super) fn missing(&self) -> Option<&'static str> {
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
