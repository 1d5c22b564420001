//! The credential of a request.

use crate::domain::identity::secret::Secret;

/// The credential that a request presents.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Credential {
    /// An API key, or a token of a configured issuer.
    Bearer(Secret),
    /// The SHA-256 digest of the client's certificate. The TLS handshake has proved that the client has the private
    /// key, and that the certificate is of the configured authority.
    Certificate([u8; 32]),
}
