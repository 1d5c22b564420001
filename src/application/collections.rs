//! Collections.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::bus::Bus;
use crate::application::caller::Caller;
use crate::application::default_collection;
use crate::application::error::Error;
use crate::application::page::{Listed, Page};
use crate::application::ports::clock::{Clock, Uid};
use crate::application::ports::collections::{Collection, Deleted, Deletion, Written};
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::preferences::Preferences;
use crate::application::tokens::Tokens;
use crate::domain::ingest::digest;
use crate::domain::name::CollectionId;

/// The use cases of collections.
#[derive(Clone, Debug)]
pub struct Collections {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// Where the news of deletions goes.
    pub bus: Arc<Bus>,
    /// The time, and uids.
    pub clock: Arc<dyn Clock>,
    /// The tokens of pages.
    pub tokens: Tokens,
    /// Told when there is work for jobs.
    pub work: Arc<Notify>,
}

/// What a client asks to delete, besides its name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delete {
    /// The operation's uid, if the client chose it.
    pub request: Option<Uid>,
    /// The revision that it must have, if the client said one.
    pub revision: Option<u64>,
}

impl Collections {
    /// Creates a collection; the same request again returns it.
    ///
    /// # Errors
    ///
    /// Fails if there is one of that id, its preferences do not fit together, or the request id is that
    /// of another request.
    pub async fn create(
        &self,
        caller: &Caller,
        id: CollectionId,
        preferences: Preferences,
        request: Option<Uid>,
    ) -> Result<Collection, Error> {
        preferences.over(&Preferences::default())?;
        let now = self.clock.now();
        let collection = Collection {
            uid: request.map_or_else(|| self.clock.new_uid(), |request| uid(caller, &request)),
            id,
            preferences,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        match self.store.create_collection(caller, &collection).await? {
            Written::Collection(collection) => Ok(*collection),
            Written::Refused => Err(Error::AlreadyExists { kind: "collection" }),
            Written::Changed => Err(other_request()),
        }
    }

    /// The collection of that id.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn get(&self, caller: &Caller, id: &CollectionId) -> Result<Collection, Error> {
        default_collection::find(self.store.as_ref(), self.clock.as_ref(), caller, id).await
    }

    /// A page of collections in the order of their ids.
    ///
    /// # Errors
    ///
    /// Fails for a negative size, and for a token of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Collection>, Error> {
        let scope = "collections".to_owned();
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        let after = page.after.as_deref().unwrap_or_default();
        let (store, clock) = (self.store.as_ref(), self.clock.as_ref());
        let list = default_collection::list(store, clock, caller, after, page.rows()).await?;
        Ok(page.cut(
            list,
            |collection| collection.id.as_str().to_owned(),
            |collection| collection.preferences.bytes(),
        ))
    }

    /// Changes the preferences of a collection, if it is what the client believes.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that id, it was changed meanwhile, or the new preferences do not fit
    /// together.
    pub async fn update(
        &self,
        caller: &Caller,
        id: &CollectionId,
        revision: Option<u64>,
        change: impl FnOnce(Preferences) -> Preferences + Send,
    ) -> Result<Collection, Error> {
        let known = self.get(caller, id).await?;
        let revision = revision.unwrap_or(known.revision);
        let preferences = change(known.preferences);
        preferences.over(&Preferences::default())?;
        let now = self.clock.now();
        match self
            .store
            .update_collection(caller, id, revision, &preferences, now)
            .await?
        {
            Written::Collection(collection) => Ok(*collection),
            Written::Refused => Err(Error::NotFound { kind: "collection" }),
            Written::Changed => Err(Error::EtagMismatch { kind: "collection" }),
        }
    }

    /// Deletes a collection: it is gone at once, its chunks by and by.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that id, it was changed meanwhile, or it has documents and `force`
    /// is not set.
    pub async fn delete(
        &self,
        caller: &Caller,
        id: &CollectionId,
        force: bool,
        delete: Delete,
    ) -> Result<Operation, Error> {
        let deletion = self.deletion(delete);
        let deleted = self
            .store
            .delete_collection(caller, id, force, &deletion)
            .await?;
        self.deleted("collection", deleted)
    }

    pub(super) fn deletion(&self, delete: Delete) -> Deletion {
        Deletion {
            uid: delete.request.unwrap_or_else(|| self.clock.new_uid()),
            revision: delete.revision,
            now: self.clock.now(),
        }
    }

    /// What a deletion answers; its news goes out, and the rest of the work begins.
    pub(super) fn deleted(&self, kind: &'static str, deleted: Deleted) -> Result<Operation, Error> {
        match deleted {
            Deleted::Operation(operation, ended) => {
                for ended in ended {
                    self.bus.publish(ended);
                }
                self.bus.publish(Operation::clone(&operation));
                self.bus.announce_change();
                self.work.notify_one();
                Ok(*operation)
            }
            Deleted::NotFound => Err(Error::NotFound { kind }),
            Deleted::Changed => Err(Error::EtagMismatch { kind }),
            Deleted::NotEmpty => Err(Error::CollectionNotEmpty),
            Deleted::OtherRequest => Err(other_request()),
        }
    }
}

/// The uid of the collection that a request makes: the same for the same request, and no other
/// tenant's, whatever request ids that chooses.
fn uid(caller: &Caller, request: &Uid) -> Uid {
    let whole = digest::sha256(&[caller.tenant.as_bytes(), b"/", request].concat());
    std::array::from_fn(|at| whole[at])
}

pub(super) fn other_request() -> Error {
    Error::invalid("request_id", "is that of another request")
}
