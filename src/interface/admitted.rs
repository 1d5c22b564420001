//! A caller that was let in, and for how long.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::application::admission::door::Admission;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::identity::{Credential, Identity};

/// How often it is looked whether the caller of a stream or a socket may still be here.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What ends the stay of a caller, and why.
pub type Lost = Pin<Box<dyn Future<Output = Error> + Send>>;

/// A caller that was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who it is.
    pub caller: Caller,
    /// By what, and who has believed it; none: nothing was needed.
    by: Option<(Arc<Identity>, Credential)>,
}

impl Admitted {
    /// Everybody, where nothing is needed.
    #[must_use]
    pub fn anybody() -> Self {
        Self {
            caller: Caller::anonymous(),
            by: None,
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
            by: Some((Arc::clone(identity), credential)),
        })
    }

    /// Waits until the caller would not be let in any more, and returns why; for ever, if it needs
    /// nothing to be let in. A store that fails is no reason.
    #[must_use]
    pub fn lost(self) -> Lost {
        let Some((identity, credential)) = self.by else {
            return Box::pin(std::future::pending());
        };
        Box::pin(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if let Err(Error::CredentialRefused) = identity.authenticate(&credential).await {
                    return Error::CredentialRefused;
                }
            }
        })
    }
}
