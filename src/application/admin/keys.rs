//! Creates, lists and revokes keys. An admin sees the keys of its own tenant, an operator those of all tenants.

use std::sync::Arc;
use std::time::Duration;

use crate::application::auth::api_key;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::clock::Clock;
use crate::application::ports::keys::{Created, Key, KeyKind};
use crate::application::ports::store::Store;
use crate::application::store_error;
use crate::domain::identity::role::Role;
use crate::domain::identity::secret::Secret;
use crate::domain::ingest::digest::hex;
use crate::domain::names::resource::{Principal, TenantId};
use crate::domain::names::uid::KeyUid;

/// The longest lifetime of a key that expires: a longer time is a mistake.
pub const LASTS_MAX: Duration = Duration::from_hours(10 * 366 * 24);

/// The use cases of keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The time, uids and secrets.
    pub clock: Arc<dyn Clock>,
    /// The page tokens.
    pub tokens: Tokens,
}

/// The key that a caller asks to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The tenant of the key.
    pub tenant: TenantId,
    /// The principal that the key authenticates.
    pub principal: Principal,
    /// The role of the principal.
    pub role: Role,
    /// The lifetime of the key. `None` means that the key does not expire.
    pub lasts: Option<Duration>,
    /// The SHA-256 digest of a certificate. `None` means that the server generates a secret.
    pub certificate: Option<[u8; 32]>,
}

impl Keys {
    /// Creates a key, and a secret unless the key is a certificate. A certificate needs an operator.
    ///
    /// # Errors
    ///
    /// Fails if the tenant does not exist or the caller may not see it. Also fails if the role is above the caller's,
    /// or the certificate is registered already.
    pub async fn create(
        &self,
        caller: &Caller,
        new: NewKey,
    ) -> Result<(Key, Option<Secret>), Error> {
        may_see(caller, &new.tenant)?;
        // A caller that registers another client's certificate under its own tenant would receive that client's data.
        // Only an operator may register one.
        let needed = match new.certificate {
            Some(_) => Role::Operator,
            None => new.role,
        };
        may_give(caller, needed)?;
        let (key, secret) = self.new_key(new);
        match self.store.create_key(&key).await? {
            Created::Stored => Ok((key, secret)),
            Created::NoTenant => Err(Error::NotFound { kind: "tenant" }),
            Created::Taken => Err(Error::AlreadyExists { kind: "api_key" }),
        }
    }

    /// Returns a page of a tenant's keys, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the tenant does not exist or the caller may not see it. Also fails for a negative page size, and for
    /// a page token of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Key>, Error> {
        may_see(caller, tenant)?;
        let found = self.store.tenant(tenant).await?;
        found.ok_or(Error::NotFound { kind: "tenant" })?;
        let scope = format!("keys {tenant}");
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        let after = page.after.as_deref().and_then(|after| after.parse().ok());
        let after = after.map_or(KeyUid::MIN, |after: u128| after.to_be_bytes().into());
        let list = self.store.keys(tenant, &after, page.rows()).await?;
        let name = |key: &Key| u128::from_be_bytes(*key.uid.bytes()).to_string();
        Ok(page.cut(list, name, |key| key.principal.as_str().len()))
    }

    /// Revokes a key.
    ///
    /// # Errors
    ///
    /// Fails if the key does not exist or the caller may not see it, or the role of the key is above the caller's.
    pub async fn revoke(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        uid: &KeyUid,
    ) -> Result<Key, Error> {
        may_see(caller, tenant)?;
        let not_found = || Error::NotFound { kind: "api_key" };
        let known = self.store.key(tenant, uid).await?;
        may_give(caller, known.ok_or_else(not_found)?.role)?;
        let revoked = self.store.revoke_key(tenant, uid, self.clock.now()).await?;
        revoked.ok_or_else(not_found)
    }

    /// Creates the first operator's key, by which all others are created. Returns `None` if a valid operator key
    /// exists, unless `force` is set: all operator keys may be lost.
    ///
    /// # Errors
    ///
    /// Fails if the store fails.
    pub async fn bootstrap(&self, force: bool) -> Result<Option<Secret>, store_error::Error> {
        if !force && self.store.has_operator_key(self.clock.now()).await? {
            return Ok(None);
        }
        let principal =
            Principal::parse("operator").map_err(|_never| store_error::Error::Damaged {
                what: "a principal",
                source: None,
            })?;
        let (key, secret) = self.new_key(NewKey {
            tenant: TenantId::default(),
            principal,
            role: Role::Operator,
            lasts: None,
            certificate: None,
        });
        match self.store.create_key(&key).await? {
            Created::Stored => Ok(secret),
            Created::NoTenant | Created::Taken => Err(store_error::Error::Damaged {
                what: "the first key was refused",
                source: None,
            }),
        }
    }

    fn new_key(&self, new: NewKey) -> (Key, Option<Secret>) {
        let (kind, lookup, digest, secret) = if let Some(digest) = new.certificate {
            (KeyKind::Certificate, hex(&digest), digest, None)
        } else {
            let minted = api_key::mint(self.clock.as_ref());
            let api_key::Presented { lookup, digest } = minted.presented;
            (KeyKind::Secret, lookup, digest, Some(minted.text))
        };
        let now = self.clock.now();
        let key = Key {
            uid: self.clock.new_uid().into(),
            tenant: new.tenant,
            principal: new.principal,
            role: new.role,
            kind,
            lookup,
            digest,
            created_at: now,
            expires_at: new.lasts.map(|lasts| now.plus(lasts)),
            revoked_at: None,
        };
        (key, secret)
    }
}

/// Checks that a caller may see a tenant. To other callers the tenant does not exist.
pub(crate) fn may_see(caller: &Caller, tenant: &TenantId) -> Result<(), Error> {
    let may = caller.role == Role::Operator || caller.tenant == *tenant;
    if may {
        Ok(())
    } else {
        Err(Error::NotFound { kind: "tenant" })
    }
}

/// Checks that a caller gives or revokes no role above its own.
fn may_give(caller: &Caller, role: Role) -> Result<(), Error> {
    if role <= caller.role {
        Ok(())
    } else {
        Err(Error::RoleTooLow {
            needed: role.name(),
        })
    }
}
