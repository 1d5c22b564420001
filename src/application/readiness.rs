//! Whether an instance can serve.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::failure;
use crate::application::ports::store::Store;

/// How long the store may take to answer.
const STORE_MAX: Duration = Duration::from_secs(1);

/// Whether an instance can serve: it does not go down, and its store answers.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Cancelled when it goes down.
    pub drain: CancellationToken,
}

impl Readiness {
    /// Asks the store.
    ///
    /// # Errors
    ///
    /// Fails if the server goes down, or the store does not answer within a second.
    pub async fn check(&self) -> Result<(), Error> {
        if self.drain.is_cancelled() {
            return Err(Error::Draining);
        }
        // An operation that there never is: a look-up by key.
        let caller = Caller::of_tenant("");
        let asked = self.store.operation(&caller, &[0; 16]);
        match tokio::time::timeout(STORE_MAX, asked).await {
            Ok(answered) => Ok(answered.map(drop)?),
            Err(elapsed) => Err(failure::Error::Unavailable(elapsed.into()).into()),
        }
    }
}
