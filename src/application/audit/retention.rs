//! Forgets the beginnings of chains, and leaves a signed place where they begin now.

use std::sync::Arc;
use std::time::Duration;

use crate::application::audit::chain_signer::{Place, Seal};
use crate::application::ports::clock::Timestamp;
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// Forgets.
#[derive(Clone, Debug)]
pub struct Forgetting {
    /// Where the chains are.
    pub store: Arc<dyn Store>,
    /// Signs.
    pub seal: Seal,
    /// How long entries are kept.
    pub kept: Duration,
}

impl Forgetting {
    /// Forgets at most `rows` entries of one chain that are too old; `None` if the fence is not the newest.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn step(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let kept = i64::try_from(self.kept.as_micros()).unwrap_or(i64::MAX);
        let old = self.store.audit_before(now.saturating_sub(kept), rows);
        let Some(last) = old.await? else {
            return Ok(Some(Done::default()));
        };
        let checkpoint = self.seal.seal(Place::Checkpoint, last);
        self.store.forget_audit(fence, &checkpoint).await
    }
}
