//! The readiness of an instance to serve.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::maintenance::store_space::StoreSpace;
use crate::application::ports::store::Store;
use crate::application::store_error;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::OperationUid;

/// The longest time for the store to answer: 1 second.
const STORE_MAX: Duration = Duration::from_secs(1);

/// The readiness check of an instance. An instance is ready while it is not shutting down, and its store answers and
/// has room.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The state of the store's space.
    pub space: StoreSpace,
    /// Cancelled when the instance shuts down.
    pub drain: CancellationToken,
}

impl Readiness {
    /// Checks the instance and its store.
    ///
    /// # Errors
    ///
    /// Fails if the instance is shutting down, the store does not answer within 1 second, or the store was full at
    /// the last check.
    pub async fn check(&self) -> Result<(), Error> {
        if self.drain.is_cancelled() {
            return Err(Error::Draining);
        }
        // No operation has this uid: the query is one look-up by key.
        let caller = Caller::of_tenant(TenantId::default());
        let asked = self.store.operation(&caller, &OperationUid::MIN);
        match tokio::time::timeout(STORE_MAX, asked).await {
            Ok(answered) => drop(answered?),
            Err(elapsed) => return Err(store_error::Error::Unavailable(elapsed.into()).into()),
        }
        if self.space.is_full() {
            return Err(store_error::Error::Full("no room for a batch".into()).into());
        }
        Ok(())
    }
}
