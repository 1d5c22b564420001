//! The port of keys, by which callers authenticate.

use async_trait::async_trait;

use crate::application::store_error::Error;
use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};
use crate::domain::names::uid::KeyUid;
use crate::domain::timestamp::Timestamp;

/// A key as stored: the digest of its secret, never the secret itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// The uid, made by the server.
    pub uid: KeyUid,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The principal that it authenticates.
    pub principal: Principal,
    /// The role of the principal.
    pub role: Role,
    /// The kind of the key.
    pub kind: KeyKind,
    /// The value by which the key is found, unique among the keys that are not revoked.
    pub lookup: String,
    /// The SHA-256 digest of the secret, or of the certificate.
    pub digest: [u8; 32],
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time of expiry. `None` means that it does not expire.
    pub expires_at: Option<Timestamp>,
    /// The time of revocation. `None` means that it is not revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The kind of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyKind {
    /// A text that its owner knows. The prefix of the text is the lookup value.
    Secret,
    /// A certificate whose private key its owner has. The digest of the certificate is the lookup value.
    Certificate,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Secret, Self::Certificate];

    /// Returns the name of the kind in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "SECRET",
            Self::Certificate => "CERTIFICATE",
        }
    }
}

/// The result of storing a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Created {
    /// The key is stored.
    Stored,
    /// There is no such tenant.
    NoTenant,
    /// Another key that is not revoked has the same lookup value.
    Taken,
}

/// Stores keys. The use cases decide which caller may see which key.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Stores a new key.
    async fn create_key(&self, new: &Key) -> Result<Created, Error>;
    /// Returns the keys with these lookup values, in any order. Keys that are revoked or of a disabled tenant are
    /// left out; expired ones are not.
    async fn find_keys(&self, lookups: &[String]) -> Result<Vec<Key>, Error>;
    /// Returns the tenant's key of that uid.
    async fn key(&self, tenant: &TenantId, uid: &KeyUid) -> Result<Option<Key>, Error>;
    /// Returns at most `rows` keys of a tenant in the order of their uids, from the first after `after`.
    async fn keys(&self, tenant: &TenantId, after: &KeyUid, rows: u32) -> Result<Vec<Key>, Error>;
    /// Revokes the tenant's key of that uid, and returns it. A second call changes nothing.
    async fn revoke_key(
        &self,
        tenant: &TenantId,
        uid: &KeyUid,
        now: Timestamp,
    ) -> Result<Option<Key>, Error>;
    /// Whether there is an operator's key that is neither revoked nor expired.
    async fn has_operator_key(&self, now: Timestamp) -> Result<bool, Error>;
}
