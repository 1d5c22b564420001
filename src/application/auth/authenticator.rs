//! Who asks: from a credential to a caller.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::application::auth::api_key::{self, Presented};
use crate::application::auth::credential::Credential;
use crate::application::auth::sessions::{Stay, Stays};
use crate::application::auth::ttl_cache::Recent;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::clock::{Clock, Timestamp};
use crate::application::ports::keys::{Key, Kind};
use crate::application::ports::store::Store;
use crate::application::ports::store_error;
use crate::application::ports::token_verifier::Bearer;
use crate::domain::ingest::digest::hex;
use crate::domain::names::resource::TenantId;

/// How often it is looked: who comes when its key is believed for the last of three seconds is cut off within
/// 5, unless the store is slow.
const LOOK_EVERY: Duration = Duration::from_millis(1_500);
/// How long a look at so many may take: one that hangs must not be the last.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// Credentials that one query asks for.
const ROWS_MAX: usize = 500;

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

    /// Which of the credentials are to be refused from now on. Keys are read by one query, and each tenant of
    /// tokens once. What the store does not answer is no reason.
    async fn refused(&self, credentials: &[&Credential]) -> Vec<bool> {
        let shown = credentials.iter().map(|credential| self.shown(credential));
        let shown = shown.collect::<Vec<_>>();
        let keys = self.keys_of(&shown).await;
        let mut tenants = HashMap::new();
        let mut refused = Vec::with_capacity(shown.len());
        for shown in shown {
            refused.push(match shown {
                Shown::Key(kind, key) => keys.as_ref().is_ok_and(|found| {
                    let found = found.get(&key.lookup);
                    self.known(found, kind, &key).is_none()
                }),
                Shown::Token(text) => self.is_refused(text, &mut tenants).await,
                Shown::Nothing => true,
            });
        }
        refused
    }

    /// The keys that are shown, by what they are found by.
    async fn keys_of(
        &self,
        shown: &[Shown<'_>],
    ) -> Result<HashMap<String, Key>, store_error::Error> {
        let lookup = |shown: &Shown<'_>| match shown {
            Shown::Key(_, key) => Some(key.lookup.clone()),
            Shown::Token(_) | Shown::Nothing => None,
        };
        let lookups = shown.iter().filter_map(lookup).collect::<Vec<_>>();
        if lookups.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.store.find_keys(&lookups).await?.into_iter();
        Ok(found.map(|key| (key.lookup.clone(), key)).collect())
    }

    /// Whether a token is to be refused; `tenants` are those that were read meanwhile, and whether they are
    /// enabled.
    async fn is_refused(&self, token: &str, tenants: &mut HashMap<TenantId, bool>) -> bool {
        // A signature takes a while: others have their turn.
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

    /// The stay of whoever was let in by this.
    #[must_use]
    pub fn stay(&self, credential: Credential) -> Arc<Stay> {
        self.stays.enter(credential)
    }

    /// Looks now and then whether all who are here may still be, until the server goes down.
    pub async fn run(self: Arc<Self>, drain: CancellationToken) {
        while drain
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            drain.run_until_cancelled(self.look()).await;
        }
    }

    async fn look(&self) {
        for here in self.stays.all().chunks(ROWS_MAX) {
            let credentials = here.iter().map(|stay| stay.credential());
            let credentials = credentials.collect::<Vec<_>>();
            let refused = tokio::time::timeout(LOOK_MAX, self.refused(&credentials));
            let Ok(refused) = refused.await else {
                continue;
            };
            for (stay, _) in here.iter().zip(refused).filter(|(_, is)| *is) {
                stay.end();
            }
        }
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
            network: None,
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
