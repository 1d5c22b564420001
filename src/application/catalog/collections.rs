//! Creates, lists, changes and deletes collections.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::catalog::default_collection;
use crate::application::error::Error;
use crate::application::events::bus::Bus;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::clock::Clock;
use crate::application::ports::collections::{Collection, Deleted, Deletion, Written};
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::request::Request;
use crate::application::spec_loader::SpecLoader;
use crate::domain::ingest::digest;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;
use crate::domain::names::uid::{CollectionUid, OperationUid};

/// The use cases of collections.
#[derive(Clone, Debug)]
pub struct Collections {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bus that announces deletions.
    pub bus: Arc<Bus>,
    /// The source of times and uids.
    pub clock: Arc<dyn Clock>,
    /// The page tokens.
    pub tokens: Tokens,
    /// Notified when there is work for background jobs.
    pub work: Arc<Notify>,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
}

/// The parameters of a deletion, besides the name.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// The request. Its uid becomes the operation's.
    pub request: Request,
    /// The revision that the client expects. `None` means any revision.
    pub revision: Option<u64>,
}

impl Collections {
    /// Creates a collection. A repeated request returns the same collection.
    ///
    /// # Errors
    ///
    /// Fails if a collection of that id exists, or its preferences contradict each other. Also fails if the request
    /// id belongs to another request, or the collection that this request created was deleted.
    pub async fn create(
        &self,
        caller: &Caller,
        id: CollectionId,
        mut preferences: Preferences,
        request: Request,
    ) -> Result<Collection, Error> {
        self.check(&mut preferences).await?;
        let now = self.clock.now();
        let collection = Collection {
            uid: match &request.uid {
                Some(request) => uid(caller, request),
                None => self.clock.new_uid().into(),
            },
            id,
            preferences,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let store = &self.store;
        match store
            .create_collection(caller, &collection, &request.sha256)
            .await?
        {
            Written::Collection(collection) => Ok(*collection),
            Written::Deleted => Err(Error::CollectionDeletedSince),
            Written::OtherRequest => Err(other_request()),
            Written::Refused | Written::Changed => Err(Error::AlreadyExists { kind: "collection" }),
        }
    }

    /// Returns a collection.
    ///
    /// # Errors
    ///
    /// Fails if no collection has that id.
    pub async fn get(&self, caller: &Caller, id: &CollectionId) -> Result<Collection, Error> {
        default_collection::find(self.store.as_ref(), self.clock.as_ref(), caller, id).await
    }

    /// Returns a page of collections in the order of their ids.
    ///
    /// # Errors
    ///
    /// Fails if the page size is negative or the page token is of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Collection>, Error> {
        let scope = "collections".to_owned();
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        let after = page.after.as_deref().unwrap_or_default();
        let store = self.store.as_ref();
        let clock = self.clock.as_ref();
        let list = default_collection::list(store, clock, caller, after, page.rows()).await?;
        Ok(page.cut(
            list,
            |collection| collection.id.as_str().to_owned(),
            |collection| collection.preferences.bytes(),
        ))
    }

    /// Checks preferences, and pins their tokenizer.
    async fn check(&self, preferences: &mut Preferences) -> Result<(), Error> {
        self.specs.pin(&mut preferences.chunking).await?;
        let (spec, _) = preferences.over(&Preferences::default())?;
        self.specs.load(&spec).await?;
        Ok(())
    }

    /// Changes the preferences of a collection, if it has the given revision. `None` means the revision that is read
    /// first.
    ///
    /// # Errors
    ///
    /// Fails if no collection has that id, it was changed meanwhile, or the new preferences contradict each other.
    pub async fn update(
        &self,
        caller: &Caller,
        id: &CollectionId,
        revision: Option<u64>,
        change: impl FnOnce(Preferences) -> Preferences + Send,
    ) -> Result<Collection, Error> {
        let known = self.get(caller, id).await?;
        let revision = revision.unwrap_or(known.revision);
        let mut preferences = change(known.preferences);
        self.check(&mut preferences).await?;
        let now = self.clock.now();
        match self
            .store
            .update_collection(caller, id, revision, &preferences, now)
            .await?
        {
            Written::Collection(collection) => Ok(*collection),
            Written::Changed => Err(Error::EtagMismatch { kind: "collection" }),
            Written::Refused | Written::Deleted | Written::OtherRequest => {
                Err(Error::NotFound { kind: "collection" })
            }
        }
    }

    /// Deletes a collection. It disappears at once; background jobs remove its chunks.
    ///
    /// # Errors
    ///
    /// Fails if no collection has that id, it has another revision than expected, or it has documents and `force` is
    /// not set.
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

    pub(crate) fn deletion(&self, delete: Delete) -> Deletion {
        Deletion {
            uid: delete
                .request
                .uid
                .unwrap_or_else(|| self.clock.new_uid().into()),
            request_sha256: delete.request.sha256,
            revision: delete.revision,
            now: self.clock.now(),
        }
    }

    /// Returns the operation of a deletion, publishes its state and that of the operations that it ended, and wakes
    /// the background jobs.
    pub(crate) fn deleted(&self, kind: &'static str, deleted: Deleted) -> Result<Operation, Error> {
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

/// Returns the uid of the collection that a request creates. A repeated request gives the same uid. Two tenants never
/// get the same uid, even if they choose the same request id.
fn uid(caller: &Caller, request: &OperationUid) -> CollectionUid {
    let whole =
        digest::sha256(&[caller.tenant.as_str().as_bytes(), b"/", request.bytes()].concat());
    std::array::from_fn(|at| whole[at]).into()
}

/// Returns the error of a request id that was sent before with other fields.
pub(crate) fn other_request() -> Error {
    Error::RequestIdReused { differs: "fields" }
}
