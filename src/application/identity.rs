//! Who asks: from a credential to a caller.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::application::api_key::{self, Presented};
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::bearer::Bearer;
use crate::application::ports::clock::{Clock, Timestamp};
use crate::application::ports::keys::{Key, Kind};
use crate::application::ports::store::Store;
use crate::application::recent::Recent;
use crate::application::stays::{Stay, Stays};
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
    stays: Arc<Stays>,
}

/// What a request brings.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Credential {
    /// An API key, or a token of an issuer.
    Bearer(Secret),
    /// The SHA-256 digest of the certificate by which the client has connected. That the client has
    /// its private key, and that it is of the authority, was proved by the handshake.
    Certificate([u8; 32]),
}

/// What a credential shows, so far as that is to be seen without a store.
enum Shown<'a> {
    /// What a key of that kind is found and known by.
    Key(Kind, Presented),
    /// A token, if anything.
    Token(&'a str),
    /// Neither.
    Nothing,
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
            stays: Arc::default(),
        }
    }

    /// Who the credential's owner is. What was revoked or disabled is believed for 3 seconds at most.
    ///
    /// # Errors
    ///
    /// Fails, always in the same way, if it is not to be believed; and if the store does.
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Error> {
        let caller = match self.shown(credential) {
            Shown::Key(kind, key) => {
                let found = self.find(&key.lookup).await?;
                self.known(found.as_ref(), kind, &key)
            }
            Shown::Token(text) => self.token(text).await?,
            Shown::Nothing => None,
        };
        caller.ok_or(Error::CredentialRefused)
    }

    /// Whether each credential is still to be believed. All keys are read by one query.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn believed(&self, credentials: &[&Credential]) -> Result<Vec<bool>, Error> {
        let shown = credentials.iter().map(|credential| self.shown(credential));
        let shown = shown.collect::<Vec<_>>();
        let lookup = |shown: &Shown<'_>| match shown {
            Shown::Key(_, key) => Some(key.lookup.clone()),
            Shown::Token(_) | Shown::Nothing => None,
        };
        let lookups = shown.iter().filter_map(lookup).collect::<Vec<_>>();
        let found = self.store.find_keys(&lookups).await?.into_iter();
        let found = found.map(|key| (key.lookup.clone(), key));
        let found = found.collect::<HashMap<_, _>>();
        let mut believed = Vec::with_capacity(shown.len());
        for shown in shown {
            let caller = match shown {
                Shown::Key(kind, key) => self.known(found.get(&key.lookup), kind, &key),
                Shown::Token(text) => self.token(text).await?,
                Shown::Nothing => None,
            };
            believed.push(caller.is_some());
        }
        Ok(believed)
    }

    /// The stay of whoever was let in by this.
    #[must_use]
    pub fn stay(&self, credential: Credential) -> Arc<Stay> {
        self.stays.enter(credential)
    }

    /// Looks whether all who are here may still be, until the server goes down.
    pub async fn run(self: Arc<Self>, drain: CancellationToken) {
        let stays = Arc::clone(&self.stays);
        stays.run(self, drain).await;
    }

    fn shown<'a>(&self, credential: &'a Credential) -> Shown<'a> {
        match credential {
            Credential::Certificate(digest) => {
                let (lookup, digest) = (hex(digest), *digest);
                Shown::Key(Kind::Certificate, Presented { lookup, digest })
            }
            Credential::Bearer(text) if !api_key::is_key(text.expose()) => {
                Shown::Token(text.expose())
            }
            Credential::Bearer(text) => {
                let key = api_key::read(text.expose()).filter(|_| self.takes_keys);
                key.map_or(Shown::Nothing, |key| Shown::Key(Kind::Secret, key))
            }
        }
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
    fn known(&self, found: Option<&Key>, kind: Kind, shown: &Presented) -> Option<Caller> {
        let key = found?;
        let is_it = bool::from(key.digest.ct_eq(&shown.digest)) && key.kind == kind;
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
        let found = self.store.find_keys(&[lookup.to_owned()]).await?.pop();
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
