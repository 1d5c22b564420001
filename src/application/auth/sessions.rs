//! The stays of callers: by what they were let in, until they would not be let in any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio_util::sync::CancellationToken;

use crate::application::auth::credential::Credential;
use crate::application::error::Error;

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
        if let Some(stay) = &here
            && !stay.lost.is_cancelled()
        {
            return Arc::clone(stay);
        }
        let stay = Arc::new(Stay {
            credential: credential.clone(),
            lost: CancellationToken::new(),
            stays: Arc::clone(self),
        });
        held.insert(credential, Arc::downgrade(&stay));
        // The one that was lost may have nobody else any more, and looks at `held` when it goes.
        drop(held);
        drop(here);
        stay
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Stay>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().filter_map(Weak::upgrade).collect()
    }
}

impl Stay {
    /// By what it was let in.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Ends it: whoever is here would not be let in any more.
    pub fn end(&self) {
        self.lost.cancel();
    }

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
    use crate::application::auth::credential::Credential;

    #[test]
    fn a_credential_has_one_stay_as_long_as_somebody_is_here_by_it() {
        let stays = Arc::new(Stays::default());
        let [first, again, other] =
            [1, 1, 2].map(|of| stays.enter(Credential::Certificate([of; 32])));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, other));
        assert_eq!(stays.all().len(), 1);
        again.end();
        let after = stays.enter(Credential::Certificate([1; 32]));
        assert!(!after.lost.is_cancelled(), "who was let in again is here");
        drop(again);
        assert_eq!(stays.all().len(), 1, "the older leaves the newer's entry");
        drop(after);
        assert!(stays.held.lock().unwrap().is_empty());
    }

    /// Who comes while the last of those who were lost goes must not wait for itself.
    #[test]
    fn a_stay_that_is_lost_may_end_while_another_begins() {
        let stays = Arc::new(Stays::default());
        let visiting = || {
            for _ in 0..20_000 {
                let stay = stays.enter(Credential::Certificate([1; 32]));
                stay.end();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(visiting);
            scope.spawn(visiting);
        });
        assert!(stays.held.lock().unwrap().is_empty());
    }
}
