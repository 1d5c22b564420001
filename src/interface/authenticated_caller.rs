//! An authenticated caller, and the time for which it stays authenticated.

use std::net::IpAddr;
use std::sync::Arc;

use crate::application::auth::authenticator::Authenticator;
use crate::application::auth::credential::Credential;
use crate::application::auth::sessions::Session;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::rate_limit::admission::Admission;

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct AuthenticatedCaller {
    /// The caller's identity, tenant and role.
    pub caller: Caller,
    /// Tracks the caller's credential. `None` means that no credential was needed, so none can be lost.
    session: Option<Arc<Session>>,
}

impl AuthenticatedCaller {
    /// Admits a caller by its address, where no credential is needed.
    #[must_use]
    pub fn anybody(address: Option<IpAddr>) -> Self {
        Self {
            caller: address.map_or_else(Caller::anonymous, Caller::anonymous_at),
            session: None,
        }
    }

    /// Authenticates a credential, unless too many credentials from its address were refused.
    ///
    /// # Errors
    ///
    /// Fails if the credential is not accepted, if the address has sent too many refused ones, or if the store fails.
    pub async fn by(
        authenticator: &Arc<Authenticator>,
        credential: Credential,
        (admission, address): (&Admission, Option<IpAddr>),
    ) -> Result<Self, Error> {
        if let Some(address) = address {
            admission.may_authenticate(address)?;
        }
        let caller = authenticator.authenticate(&credential).await;
        if let (Err(Error::CredentialRefused), Some(address)) = (&caller, address) {
            admission.authentication_failed(address).await;
        }
        Ok(Self {
            caller: caller?,
            session: Some(authenticator.session(credential)),
        })
    }

    /// Waits until the caller is no longer authenticated, and returns the reason. Never returns if no credential was
    /// needed.
    pub async fn session_ended(&self) -> Error {
        match &self.session {
            Some(session) => session.ended().await,
            None => std::future::pending().await,
        }
    }
}
