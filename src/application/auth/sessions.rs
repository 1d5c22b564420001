//! Tracks the credential behind each open stream, so that revoking it closes the stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio_util::sync::CancellationToken;

use crate::application::auth::credential::Credential;
use crate::application::error::Error;

/// The open sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    /// A std mutex: never held across an await. The last owner of a session removes its entry.
    held: Mutex<HashMap<Credential, Weak<Session>>>,
}

/// The session of a credential: one for all of its calls and sockets.
#[derive(Debug)]
pub struct Session {
    credential: Credential,
    ended: CancellationToken,
    sessions: Arc<Sessions>,
}

impl Sessions {
    /// Returns the session of an authenticated credential: the open one, or a new one.
    #[must_use]
    pub fn enter(self: &Arc<Self>, credential: Credential) -> Arc<Session> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let here = held.get(&credential).and_then(Weak::upgrade);
        // An ended session is not reused: the credential was accepted again since.
        if let Some(session) = &here
            && !session.ended.is_cancelled()
        {
            return Arc::clone(session);
        }
        let session = Arc::new(Session {
            credential: credential.clone(),
            ended: CancellationToken::new(),
            sessions: Arc::clone(self),
        });
        held.insert(credential, Arc::downgrade(&session));
        // `here` may be the last reference to an ended session, whose drop locks `held`.
        drop(held);
        drop(here);
        session
    }

    /// Returns all open sessions.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Session>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().filter_map(Weak::upgrade).collect()
    }
}

impl Session {
    /// Returns the credential of the session.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Ends the session: its credential is no longer valid.
    pub fn end(&self) {
        self.ended.cancel();
    }

    /// Waits until the session has ended, and returns the reason.
    pub async fn ended(&self) -> Error {
        self.ended.cancelled().await;
        Error::CredentialRefused
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let held = self.sessions.held.lock();
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        // A new session may have replaced this one under the same credential.
        let is_here = held
            .get(&self.credential)
            .is_some_and(|session| session.strong_count() > 0);
        if !is_here {
            held.remove(&self.credential);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Sessions;
    use crate::application::auth::credential::Credential;

    #[test]
    fn a_credential_has_one_session_while_it_is_in_use() {
        let sessions = Arc::new(Sessions::default());
        let [first, again, other] =
            [1, 1, 2].map(|of| sessions.enter(Credential::Certificate([of; 32])));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, other));
        assert_eq!(sessions.all().len(), 1);
        again.end();
        let after = sessions.enter(Credential::Certificate([1; 32]));
        assert!(!after.ended.is_cancelled(), "the new session is open");
        drop(again);
        assert_eq!(sessions.all().len(), 1, "the newer one keeps its entry");
        drop(after);
        assert!(sessions.held.lock().unwrap().is_empty());
    }

    /// A new session must not deadlock with the drop of an ended one.
    #[test]
    fn an_ended_session_may_be_dropped_while_another_begins() {
        let sessions = Arc::new(Sessions::default());
        let visiting = || {
            for _ in 0..20_000 {
                let session = sessions.enter(Credential::Certificate([1; 32]));
                session.end();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(visiting);
            scope.spawn(visiting);
        });
        assert!(sessions.held.lock().unwrap().is_empty());
    }
}
