//! Operations: listed and cancelled. Watching them is a use case of its own.

use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::operations::{Kind, NEWEST, Operation};
use crate::application::ports::state::State;
use crate::application::ports::store::Store;
use crate::application::uploads::lifecycle::Uploads;

/// The use cases of operations.
#[derive(Clone, Debug)]
pub struct Operations {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// The only ones that can be cancelled: imports and rechunks are uploads too.
    pub uploads: Uploads,
    /// The tokens of pages.
    pub tokens: Tokens,
}

impl Operations {
    /// A page of operations, those in that state if there is one, the newest first.
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
            let uid = u128::from_be_bytes(operation.uid);
            format!("{} {uid}", operation.created_at)
        };
        Ok(page.cut(list, key, |operation| operation.target.len()))
    }

    /// Cancels an operation.
    ///
    /// # Errors
    ///
    /// Fails if there is none, it has ended, or is a deletion or a move.
    pub async fn cancel(&self, caller: &Caller, uid: &Uid) -> Result<Operation, Error> {
        let known = self.store.operation(caller, uid).await?;
        let known = known.ok_or(Error::NotFound { kind: "operation" })?;
        match known.kind {
            Kind::Upload | Kind::ImportDocument | Kind::RechunkDocument => {
                Ok(self.uploads.cancel(caller, uid).await?.operation())
            }
            Kind::DeleteDocument | Kind::DeleteCollection | Kind::MoveDocument => {
                Err(Error::NotCancellable)
            }
        }
    }
}

/// The place that a token of ours names.
fn place(after: &str) -> (Timestamp, Uid) {
    let parsed = after.split_once(' ').and_then(|(created_at, uid)| {
        let uid = uid.parse::<u128>().ok()?.to_be_bytes();
        Some((created_at.parse().ok()?, uid))
    });
    parsed.unwrap_or(NEWEST)
}
