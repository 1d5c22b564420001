//! The port of keys: what lets callers in.

use async_trait::async_trait;

use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::store_error::Error;
use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};

/// A key as it is stored: never its secret, only the digest of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// Its name.
    pub uid: Uid,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who is let in.
    pub principal: Principal,
    /// What the principal may do.
    pub role: Role,
    /// What it is.
    pub kind: Kind,
    /// By which it is found: no other key that is not revoked has the same.
    pub lookup: String,
    /// The SHA-256 digest of its secret, or of the certificate.
    pub digest: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it lets nobody in; none: it does not expire.
    pub expires_at: Option<Timestamp>,
    /// Since when it lets nobody in; none: it does.
    pub revoked_at: Option<Timestamp>,
}

/// What a key is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A text that its owner knows; it is found by its prefix.
    Secret,
    /// A certificate whose private key its owner has; it is found by its digest.
    Certificate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Secret, Self::Certificate];

    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "SECRET",
            Self::Certificate => "CERTIFICATE",
        }
    }
}

/// How storing a key went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Created {
    /// It is there.
    Stored,
    /// There is no such tenant.
    NoTenant,
    /// Another one that is not revoked is found by the same.
    Taken,
}

/// Keeps keys. Who may see which is the use case's to decide.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Stores a new key.
    async fn create_key(&self, new: &Key) -> Result<Created, Error>;
    /// The keys that are found by these, in any order, but for those that are revoked or whose tenant is
    /// disabled. They may have expired.
    async fn find_keys(&self, lookups: &[String]) -> Result<Vec<Key>, Error>;
    /// The tenant's key of that uid.
    async fn key(&self, tenant: &TenantId, uid: &Uid) -> Result<Option<Key>, Error>;
    /// At most `rows` keys of a tenant in the order of their uids, from the first after `after`.
    async fn keys(&self, tenant: &TenantId, after: &Uid, rows: u32) -> Result<Vec<Key>, Error>;
    /// Revokes the tenant's key of that uid, and returns it. Again, it changes nothing.
    async fn revoke_key(
        &self,
        tenant: &TenantId,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Option<Key>, Error>;
    /// Whether there is an operator's key that is neither revoked nor expired.
    async fn has_operator_key(&self, now: Timestamp) -> Result<bool, Error>;
}
