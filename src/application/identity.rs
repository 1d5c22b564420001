//! Who asks: from a credential to a caller.

use std::sync::Arc;
use std::time::Instant;

use subtle::ConstantTimeEq;

use crate::application::api_key;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::bearer::Bearer;
use crate::application::ports::clock::{Clock, Timestamp};
use crate::application::ports::keys::{Key, Kind};
use crate::application::ports::store::Store;
use crate::application::recent::Recent;
use crate::domain::ingest::digest::hex;
use crate::domain::name::TenantId;
use crate::domain::secret::Secret;

/// Knows callers by their credentials.
#[derive(Clone, Debug)]
pub struct Identity {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    tokens: Option<Arc<dyn Bearer>>,
    takes_keys: bool,
    keys: Arc<Recent<Key>>,
    /// Those that are not disabled.
    tenants: Arc<Recent<()>>,
}

/// What a request brings.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key, or a token of an issuer.
    Bearer(Secret),
    /// The SHA-256 digest of the certificate by which the client has connected. That the client has
    /// its private key, and that it is of the authority, was proved by the handshake.
    Certificate([u8; 32]),
}

impl Identity {
    /// Over this store. API keys are taken if `takes_keys`, tokens if there is who verifies them.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        tokens: Option<Arc<dyn Bearer>>,
        takes_keys: bool,
    ) -> Self {
        Self {
            store,
            clock,
            tokens,
            takes_keys,
            keys: Arc::default(),
            tenants: Arc::default(),
        }
    }

    /// Who the credential's owner is. What was revoked or disabled is believed for 3 seconds at most.
    ///
    /// # Errors
    ///
    /// Fails, always in the same way, if it is not to be believed; and if the store does.
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Error> {
        let caller = match credential {
            Credential::Certificate(digest) => self.certificate(digest).await?,
            Credential::Bearer(text) if api_key::is_key(text.expose()) => {
                self.key(text.expose()).await?
            }
            Credential::Bearer(text) => self.token(text.expose()).await?,
        };
        caller.ok_or(Error::CredentialRefused)
    }

    async fn key(&self, text: &str) -> Result<Option<Caller>, Error> {
        match api_key::read(text).filter(|_| self.takes_keys) {
            Some(presented) => {
                let found = self.find(&presented.lookup).await?;
                Ok(self.known(found, Kind::Secret, &presented.digest))
            }
            None => Ok(None),
        }
    }

    async fn certificate(&self, digest: &[u8; 32]) -> Result<Option<Caller>, Error> {
        let found = self.find(&hex(digest)).await?;
        Ok(self.known(found, Kind::Certificate, digest))
    }

    async fn token(&self, text: &str) -> Result<Option<Caller>, Error> {
        let verified = self.tokens.as_ref().and_then(|tokens| tokens.verify(text));
        let Some(claims) = verified else {
            return Ok(None);
        };
        let is_known = self.is_enabled(&claims.tenant).await?;
        Ok(is_known.then(|| Caller {
            tenant: claims.tenant.as_str().to_owned(),
            principal: claims.principal.as_str().to_owned(),
            role: claims.role,
        }))
    }

    /// The key's owner, if it is the one that was presented and has not expired.
    fn known(&self, found: Option<Key>, kind: Kind, digest: &[u8; 32]) -> Option<Caller> {
        let key = found?;
        let is_it = bool::from(key.digest.ct_eq(digest)) && key.kind == kind;
        (is_it && !has_expired(key.expires_at, self.clock.now())).then(|| Caller {
            tenant: key.tenant.as_str().to_owned(),
            principal: key.principal.as_str().to_owned(),
            role: key.role,
        })
    }

    async fn find(&self, lookup: &str) -> Result<Option<Key>, Error> {
        let now = Instant::now();
        if let Some(key) = self.keys.get(lookup, now) {
            return Ok(Some(key));
        }
        let found = self.store.find_key(lookup).await?;
        if let Some(key) = &found {
            self.keys.keep(lookup, key.clone(), now);
        }
        Ok(found)
    }

    async fn is_enabled(&self, tenant: &TenantId) -> Result<bool, Error> {
        let now = Instant::now();
        if self.tenants.get(tenant.as_str(), now).is_some() {
            return Ok(true);
        }
        let found = self.store.tenant(tenant).await?;
        let is_enabled = found.is_some_and(|tenant| tenant.disabled_at.is_none());
        if is_enabled {
            self.tenants.keep(tenant.as_str(), (), now);
        }
        Ok(is_enabled)
    }
}

fn has_expired(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now)
}
