//! A caller that was let in, and for how long.

use std::net::IpAddr;
use std::sync::Arc;

use crate::application::auth::authenticator::Identity;
use crate::application::auth::credential::Credential;
use crate::application::auth::sessions::Stay;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::rate_limit::admission::Admission;

/// A caller that was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who it is.
    pub caller: Caller,
    /// How long; none: nothing was needed, so nothing is lost.
    stay: Option<Arc<Stay>>,
}

impl Admitted {
    /// The caller at an address, where no credential is needed.
    #[must_use]
    pub fn anybody(address: Option<IpAddr>) -> Self {
        Self {
            caller: address.map_or_else(Caller::anonymous, Caller::anonymous_at),
            stay: None,
        }
    }

    /// Whoever has this credential, unless too many were refused that came from its address.
    ///
    /// # Errors
    ///
    /// Fails if it is not accepted or not looked at, or the store fails.
    pub async fn by(
        identity: &Arc<Identity>,
        credential: Credential,
        (admission, address): (&Admission, Option<IpAddr>),
    ) -> Result<Self, Error> {
        if let Some(address) = address {
            admission.may_authenticate(address)?;
        }
        let caller = identity.authenticate(&credential).await;
        if let (Err(Error::CredentialRefused), Some(address)) = (&caller, address) {
            admission.authentication_failed(address).await;
        }
        Ok(Self {
            caller: caller?,
            stay: Some(identity.stay(credential)),
        })
    }

    /// Waits until the caller would not be let in any more, and returns why; for ever, if it needs
    /// nothing to be let in.
    pub async fn lost(&self) -> Error {
        match &self.stay {
            Some(stay) => stay.lost().await,
            None => std::future::pending().await,
        }
    }
}
