//! The stays of callers: who was let in is looked at again, all of an instance by one query, until it
//! would not be let in any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::error::Error;
use crate::application::identity::{Credential, Identity};

/// How often it is looked: what was revoked is cut off within 5 seconds, with the time that a look takes.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long one look may take: one that hangs must not be the last.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// Credentials that one query asks for.
const ROWS_MAX: usize = 500;

/// Everybody who is here.
#[derive(Debug, Default)]
pub struct Stays {
    /// A std mutex: never held across an await. Whoever leaves last takes its entry with it.
    held: Mutex<HashMap<Credential, Weak<Stay>>>,
}

/// That somebody is here by a credential: one, however many calls and sockets it has.
#[derive(Debug)]
pub struct Stay {
    credential: Credential,
    lost: CancellationToken,
    stays: Arc<Stays>,
}

impl Stays {
    /// The stay of whoever was let in by that credential.
    #[must_use]
    pub fn enter(self: &Arc<Self>, credential: Credential) -> Arc<Stay> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let here = held.get(&credential).and_then(Weak::upgrade);
        // One that was lost is not for who comes later: it was let in, so that it counts again.
        if let Some(stay) = here.filter(|stay| !stay.lost.is_cancelled()) {
            return stay;
        }
        let stay = Arc::new(Stay {
            credential: credential.clone(),
            lost: CancellationToken::new(),
            stays: Arc::clone(self),
        });
        held.insert(credential, Arc::downgrade(&stay));
        stay
    }

    /// Looks now and then, until the server goes down.
    pub async fn run(self: Arc<Self>, identity: Arc<Identity>, drain: CancellationToken) {
        while drain
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            let look = tokio::time::timeout(LOOK_MAX, self.look(&identity));
            // A store that fails is no reason to send anybody away.
            if let Some(Ok(Err(error))) = drain.run_until_cancelled(look).await {
                tracing::debug!(%error, "it cannot be looked whether callers may still be here");
            }
        }
    }

    async fn look(&self, identity: &Identity) -> Result<(), Error> {
        for here in self.all().chunks(ROWS_MAX) {
            let credentials = here.iter().map(|stay| &stay.credential);
            let credentials = credentials.collect::<Vec<_>>();
            let believed = identity.believed(&credentials).await?;
            for (stay, _) in here.iter().zip(believed).filter(|(_, is)| !is) {
                stay.lost.cancel();
            }
        }
        Ok(())
    }

    fn all(&self) -> Vec<Arc<Stay>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().filter_map(Weak::upgrade).collect()
    }
}

impl Stay {
    /// Waits until whoever is here would not be let in any more, and returns why.
    pub async fn lost(&self) -> Error {
        self.lost.cancelled().await;
        Error::CredentialRefused
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let held = self.stays.held.lock();
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        // Another one may have come by the same credential meanwhile.
        let is_here = held
            .get(&self.credential)
            .is_some_and(|stay| stay.strong_count() > 0);
        if !is_here {
            held.remove(&self.credential);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Stays;
    use crate::application::identity::Credential;

    #[test]
    fn a_credential_has_one_stay_as_long_as_somebody_is_here_by_it() {
        let stays = Arc::new(Stays::default());
        let [first, again, other] =
            [1, 1, 2].map(|of| stays.enter(Credential::Certificate([of; 32])));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, other));
        assert_eq!(stays.all().len(), 1);
        again.lost.cancel();
        let after = stays.enter(Credential::Certificate([1; 32]));
        assert!(!after.lost.is_cancelled(), "who was let in again is here");
        drop(again);
        assert_eq!(stays.all().len(), 1, "the older leaves the newer's entry");
        drop(after);
        assert!(stays.held.lock().unwrap().is_empty());
    }
}
