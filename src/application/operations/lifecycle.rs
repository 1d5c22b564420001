//! Listing and cancelling of operations. Watching them is a separate use case.

use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::operations::{NEWEST, Operation, OperationKind};
use crate::application::ports::store::Store;
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::state::State;
use crate::domain::timestamp::Timestamp;

/// The use cases of operations.
#[derive(Clone, Debug)]
pub struct Operations {
    /// The store of operations.
    pub store: Arc<dyn Store>,
    /// The uploads: only uploads, which include imports and rechunks, can be cancelled.
    pub uploads: UploadLifecycle,
    /// The signer of page tokens.
    pub tokens: Tokens,
}

impl Operations {
    /// Returns a page of operations, the newest first. `state` selects those in one state; `None` means all.
    ///
    /// # Errors
    ///
    /// Fails for a negative size, and for a token of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        state: Option<State>,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Operation>, Error> {
        let scope = format!("operations {}", state.map_or("", State::name));
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        let before = page.after.as_deref().map_or(NEWEST, place);
        let list = self
            .store
            .operations(caller, state, before, page.rows())
            .await?;
        let key = |operation: &Operation| {
            let uid = u128::from_be_bytes(*operation.uid.bytes());
            format!("{} {uid}", operation.created_at.micros())
        };
        Ok(page.cut(list, key, |operation| operation.target.to_string().len()))
    }

    /// Cancels an operation.
    ///
    /// # Errors
    ///
    /// Fails if there is no such operation, it has ended, or it is a deletion or a move.
    pub async fn cancel(&self, caller: &Caller, uid: &OperationUid) -> Result<Operation, Error> {
        let known = self.store.operation(caller, uid).await?;
        let known = known.ok_or(Error::NotFound { kind: "operation" })?;
        match known.kind {
            OperationKind::Upload
            | OperationKind::ImportDocument
            | OperationKind::RechunkDocument => {
                Ok(self.uploads.cancel(caller, uid).await?.operation())
            }
            OperationKind::DeleteDocument
            | OperationKind::DeleteCollection
            | OperationKind::MoveDocument => Err(Error::NotCancellable),
        }
    }
}

/// Returns the position that a page token contains.
fn place(after: &str) -> (Timestamp, OperationUid) {
    let parsed = after.split_once(' ').and_then(|(created_at, uid)| {
        let uid = uid.parse::<u128>().ok()?.to_be_bytes();
        let created_at = Timestamp::from_micros(created_at.parse().ok()?);
        Some((created_at, uid.into()))
    });
    parsed.unwrap_or(NEWEST)
}
