//! What a request brings to show who sends it.

use crate::domain::identity::secret::Secret;

/// What a request brings.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Credential {
    /// An API key, or a token of an issuer.
    Bearer(Secret),
    /// The SHA-256 digest of the certificate by which the client has connected. That the client has
    /// its private key, and that it is of the authority, was proved by the handshake.
    Certificate([u8; 32]),
}
