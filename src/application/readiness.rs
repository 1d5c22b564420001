//! Whether an instance can serve.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::maintenance::store_space::Room;
use crate::application::ports::store::Store;
use crate::application::ports::store_error;

/// How long the store may take to answer.
const STORE_MAX: Duration = Duration::from_secs(1);

/// Whether an instance can serve: it does not go down, and its store answers and has room.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Whether the store is full.
    pub room: Room,
    /// Cancelled when it goes down.
    pub drain: CancellationToken,
}

impl Readiness {
    /// Asks the store.
    ///
    /// # Errors
    ///
    /// Fails if the server goes down, or the store does not answer within a second, or was full at the last check.
    pub async fn check(&self) -> Result<(), Error> {
        if self.drain.is_cancelled() {
            return Err(Error::Draining);
        }
        // An operation that there never is: a look-up by key.
        let caller = Caller::of_tenant("");
        let asked = self.store.operation(&caller, &[0; 16]);
        match tokio::time::timeout(STORE_MAX, asked).await {
            Ok(answered) => drop(answered?),
            Err(elapsed) => return Err(store_error::Error::Unavailable(elapsed.into()).into()),
        }
        if self.room.is_full() {
            return Err(store_error::Error::Full("no room for a batch".into()).into());
        }
        Ok(())
    }
}
