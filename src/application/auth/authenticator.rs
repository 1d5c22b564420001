//! Authenticates callers by their credentials, and finds credentials that are no longer valid.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use subtle::ConstantTimeEq;

use crate::application::auth::api_key::{self, Presented};
use crate::application::auth::credential::Credential;
use crate::application::auth::sessions::{Session, Sessions};
use crate::application::auth::ttl_cache::TtlCache;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::ports::keys::{Key, KeyKind};
use crate::application::ports::store::Store;
use crate::application::ports::token_verifier::Bearer;
use crate::application::store_error;
use crate::domain::ingest::digest::hex;
use crate::domain::names::resource::TenantId;
use crate::domain::timestamp::Timestamp;

/// The authenticator of credentials, with its caches and the open sessions.
#[derive(Clone, Debug)]
pub struct Authenticator {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    tokens: Option<Arc<dyn Bearer>>,
    takes_keys: bool,
    keys: Arc<TtlCache<Key>>,
    /// Tenants that are enabled.
    tenants: Arc<TtlCache<()>>,
    sessions: Arc<Sessions>,
}

/// The kind of a credential, as far as its text shows it without a store.
enum ParsedCredential<'a> {
    /// The values by which a key of that kind is found and verified.
    Key(KeyKind, Presented),
    /// A text that is not a key and may be a token.
    Token(&'a str),
    /// No valid credential: a malformed key, or a key while keys are not accepted.
    Nothing,
}

impl Authenticator {
    /// Creates an authenticator over a store. It accepts API keys if `takes_keys` is set, and tokens if there is a
    /// verifier.
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
            sessions: Arc::default(),
        }
    }

    /// Returns the caller that a credential belongs to. Results are cached, so a revoked key or a disabled tenant is
    /// accepted for up to 3 seconds.
    ///
    /// # Errors
    ///
    /// Fails if the credential is not valid, with the same error for every reason, and if the store fails.
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Error> {
        let caller = match self.parsed(credential) {
            ParsedCredential::Key(kind, key) => {
                let found = self.find(&key.lookup).await?;
                self.known(found.as_ref(), kind, &key)
            }
            ParsedCredential::Token(text) => self.token(text).await?,
            ParsedCredential::Nothing => None,
        };
        caller.ok_or(Error::CredentialRefused)
    }

    /// Returns for each credential whether it is no longer valid. Reads all keys by one query, and each tenant of
    /// tokens once. A credential that the store cannot check counts as valid.
    pub async fn refused(&self, credentials: &[&Credential]) -> Vec<bool> {
        let parsed = credentials.iter().map(|credential| self.parsed(credential));
        let parsed = parsed.collect::<Vec<_>>();
        let keys = self.keys_of(&parsed).await;
        let mut tenants = HashMap::new();
        let mut refused = Vec::with_capacity(parsed.len());
        for parsed in parsed {
            refused.push(match parsed {
                ParsedCredential::Key(kind, key) => keys.as_ref().is_ok_and(|found| {
                    let found = found.get(&key.lookup);
                    self.known(found, kind, &key).is_none()
                }),
                ParsedCredential::Token(text) => self.is_refused(text, &mut tenants).await,
                ParsedCredential::Nothing => true,
            });
        }
        refused
    }

    /// Reads the keys of the credentials, by their look-up values.
    async fn keys_of(
        &self,
        parsed: &[ParsedCredential<'_>],
    ) -> Result<HashMap<String, Key>, store_error::Error> {
        let lookup = |parsed: &ParsedCredential<'_>| match parsed {
            ParsedCredential::Key(_, key) => Some(key.lookup.clone()),
            ParsedCredential::Token(_) | ParsedCredential::Nothing => None,
        };
        let lookups = parsed.iter().filter_map(lookup).collect::<Vec<_>>();
        if lookups.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.store.find_keys(&lookups).await?.into_iter();
        Ok(found.map(|key| (key.lookup.clone(), key)).collect())
    }

    /// Whether a token is no longer valid. `tenants` caches whether each tenant that was read is enabled.
    async fn is_refused(&self, token: &str, tenants: &mut HashMap<TenantId, bool>) -> bool {
        // A signature takes a while to verify: other tasks run first.
        tokio::task::yield_now().await;
        let Some(claims) = self.tokens.as_ref().and_then(|tokens| tokens.verify(token)) else {
            return true;
        };
        if let Some(is_enabled) = tenants.get(&claims.tenant) {
            return !is_enabled;
        }
        let Ok(is_enabled) = self.read_enabled(&claims.tenant).await else {
            return false;
        };
        tenants.insert(claims.tenant, is_enabled);
        !is_enabled
    }

    /// Returns the session of an authenticated credential.
    #[must_use]
    pub fn session(&self, credential: Credential) -> Arc<Session> {
        self.sessions.enter(credential)
    }

    /// Returns the open sessions.
    #[must_use]
    pub fn open_sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    fn parsed<'a>(&self, credential: &'a Credential) -> ParsedCredential<'a> {
        match credential {
            Credential::Certificate(digest) => {
                let lookup = hex(digest);
                let digest = *digest;
                ParsedCredential::Key(KeyKind::Certificate, Presented { lookup, digest })
            }
            Credential::Bearer(text) if !api_key::is_key(text.expose()) => {
                ParsedCredential::Token(text.expose())
            }
            Credential::Bearer(text) => {
                let key = api_key::read(text.expose()).filter(|_| self.takes_keys);
                key.map_or(ParsedCredential::Nothing, |key| {
                    ParsedCredential::Key(KeyKind::Secret, key)
                })
            }
        }
    }

    async fn token(&self, text: &str) -> Result<Option<Caller>, Error> {
        let verified = self.tokens.as_ref().and_then(|tokens| tokens.verify(text));
        let Some(claims) = verified else {
            return Ok(None);
        };
        let is_known = self.is_enabled(&claims.tenant).await?;
        Ok(is_known.then_some(Caller {
            tenant: claims.tenant,
            principal: claims.principal,
            network: None,
            role: claims.role,
        }))
    }

    /// Returns the owner of a key, if the key is the presented one and has not expired.
    fn known(&self, found: Option<&Key>, kind: KeyKind, parsed: &Presented) -> Option<Caller> {
        let key = found?;
        let is_it = bool::from(key.digest.ct_eq(&parsed.digest)) && key.kind == kind;
        (is_it && !has_expired(key.expires_at, self.clock.now())).then(|| Caller {
            tenant: key.tenant.clone(),
            principal: key.principal.clone(),
            network: None,
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
        let is_enabled = self.read_enabled(tenant).await?;
        if is_enabled {
            self.tenants.keep(tenant.as_str(), (), now);
        }
        Ok(is_enabled)
    }

    async fn read_enabled(&self, tenant: &TenantId) -> Result<bool, store_error::Error> {
        let found = self.store.tenant(tenant).await?;
        Ok(found.is_some_and(|tenant| tenant.disabled_at.is_none()))
    }
}

fn has_expired(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now)
}
