//! Collections and the documents in them.

use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::page;
use crate::application::ports::clock::Clock;
use crate::application::ports::collections::Collection;
use crate::application::ports::documents::Document;
use crate::application::ports::store::Store;
use crate::application::stored_spec::StoredSpec;
use crate::domain::name::{CollectionId, DocumentName};

/// The use cases of collections and documents.
#[derive(Clone, Debug)]
pub struct Collections {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Collections {
    /// Over this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Creates a collection.
    ///
    /// # Errors
    ///
    /// Fails if there is one of that id.
    pub async fn create(
        &self,
        caller: &Caller,
        id: CollectionId,
        spec: StoredSpec,
    ) -> Result<Collection, Error> {
        let created_at = self.clock.now();
        let collection = Collection {
            uid: self.clock.new_uid(),
            id,
            spec,
            created_at,
        };
        if self.store.create_collection(caller, &collection).await? {
            Ok(collection)
        } else {
            Err(Error::AlreadyExists { kind: "collection" })
        }
    }

    /// The collection of that id.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn get(&self, caller: &Caller, id: &CollectionId) -> Result<Collection, Error> {
        self.store
            .collection(caller, id)
            .await?
            .ok_or(Error::NotFound { kind: "collection" })
    }

    /// A page of collections after the id `after`, and the id that the next page comes after.
    ///
    /// # Errors
    ///
    /// Fails if the page size is negative.
    pub async fn list(
        &self,
        caller: &Caller,
        after: &str,
        page_size: i32,
    ) -> Result<(Vec<Collection>, Option<String>), Error> {
        let rows = page::rows(page_size)?;
        let list = self.store.collections(caller, after, rows + 1).await?;
        Ok(page::cut(list, rows, |collection| {
            collection.id.as_str().to_owned()
        }))
    }

    /// The document of that name.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn document(&self, caller: &Caller, name: &DocumentName) -> Result<Document, Error> {
        self.store
            .document(caller, name)
            .await?
            .ok_or(Error::NotFound { kind: "document" })
    }

    /// A page of a collection's documents, as for collections.
    ///
    /// # Errors
    ///
    /// Fails if there is no such collection, or the page size is negative.
    pub async fn documents(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        after: &str,
        page_size: i32,
    ) -> Result<(Vec<Document>, Option<String>), Error> {
        let rows = page::rows(page_size)?;
        self.get(caller, collection).await?;
        let list = self
            .store
            .documents(caller, collection, after, rows + 1)
            .await?;
        Ok(page::cut(list, rows, |document| {
            document.id.as_str().to_owned()
        }))
    }
}
