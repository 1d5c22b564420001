//! Removes old entries from the beginning of chains, and stores a signed checkpoint at the new beginning.

use std::sync::Arc;
use std::time::Duration;

use crate::application::audit::chain_signer::{ChainSigner, SignedPosition};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::domain::timestamp::Timestamp;

/// The retention of the audit log.
#[derive(Clone, Debug)]
pub struct AuditRetention {
    /// The store of the chains.
    pub store: Arc<dyn Store>,
    /// The signer of checkpoints.
    pub signer: ChainSigner,
    /// The age from which entries are removed.
    pub kept: Duration,
}

impl AuditRetention {
    /// Removes at most `rows` expired entries of one chain. Returns `None` if the fence is not the newest.
    ///
    /// # Errors
    ///
    /// Fails if the store fails.
    pub async fn step(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let old = self.store.audit_before(now.minus(self.kept), rows);
        let Some(last) = old.await? else {
            return Ok(Some(Done::default()));
        };
        let checkpoint = self.signer.sign(SignedPosition::Checkpoint, last);
        self.store.forget_audit(fence, &checkpoint).await
    }
}
