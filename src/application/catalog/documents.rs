//! Reads, lists, updates, deletes and rechunks documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::catalog::collections::{Collections, Delete, other_request};
use crate::application::catalog::imports::Imports;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::ports::documents::{Document, Metadata, MetadataUpdate, Updated};
use crate::application::ports::operations::Operation;
use crate::application::ports::rechunks::{NewRechunk, Started};
use crate::application::request::Request;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::names::resource::{CollectionId, DocumentName};

/// The use cases of documents.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The use cases of the collections that contain them.
    pub collections: Collections,
    /// The use cases of imports.
    pub imports: Imports,
    /// Notified when a rechunk was started.
    pub asked: Arc<Notify>,
}

impl Documents {
    /// Returns a document.
    ///
    /// # Errors
    ///
    /// Fails if no document has that name.
    pub async fn get(&self, caller: &Caller, name: &DocumentName) -> Result<Document, Error> {
        let found = self.collections.store.document(caller, name).await?;
        found.ok_or(Error::NotFound { kind: "document" })
    }

    /// Returns a page of a collection's documents that have all of the given labels, in the order of their ids.
    ///
    /// # Errors
    ///
    /// Fails if the collection does not exist, the page size is negative, or the page token is of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        labels: &BTreeMap<String, String>,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Document>, Error> {
        let scope = format!("{collection}/documents {labels:?}");
        let tokens = &self.collections.tokens;
        let page = Page::new(tokens, caller, scope, page_size, page_token)?;
        self.collections.get(caller, collection).await?;
        let after = page.after.as_deref().unwrap_or_default();
        let store = &self.collections.store;
        let list = store
            .documents(caller, collection, labels, after, page.rows())
            .await?;
        let bytes = |document: &Document| {
            let current = document.current.as_ref();
            let ladder = current.and_then(|version| version.spec.strategy().separators());
            document.display_name.len()
                + document.labels_bytes()
                + ladder.map_or(0, SeparatorLevels::bytes)
        };
        Ok(page.cut(list, |document| document.id.as_str().to_owned(), bytes))
    }

    /// Changes a document's metadata without an upload. Uploads that began before and would set one of the same fields
    /// fail with [`Error::MetadataChanged`]. An update without fields changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if no document has that name, it has another revision than expected, or it has no complete version.
    pub async fn update(
        &self,
        caller: &Caller,
        name: &DocumentName,
        metadata: Metadata,
        revision: Option<u64>,
    ) -> Result<Document, Error> {
        let Collections {
            store, clock, bus, ..
        } = &self.collections;
        let update = MetadataUpdate {
            metadata,
            revision,
            now: clock.now(),
        };
        let changes_nothing = update.metadata == Metadata::default();
        let updated = if changes_nothing {
            let document = self.get(caller, name).await?;
            let refusal = update.refusal(&document);
            refusal.unwrap_or_else(|| Updated::Document(Box::new(document), vec![]))
        } else {
            store.update_document(caller, name, &update).await?
        };
        match updated {
            Updated::Document(document, _) if changes_nothing => Ok(*document),
            Updated::Document(document, ended) => {
                for ended in ended {
                    bus.publish(ended);
                }
                bus.announce_change();
                Ok(*document)
            }
            Updated::NotFound => Err(Error::NotFound { kind: "document" }),
            Updated::Changed => Err(Error::EtagMismatch { kind: "document" }),
            Updated::NoCurrentVersion => Err(Error::NoCurrentVersion),
        }
    }

    /// Deletes a document. It disappears at once; background jobs remove its chunks.
    ///
    /// # Errors
    ///
    /// Fails if no document has that name, or it has another revision than expected.
    pub async fn delete(
        &self,
        caller: &Caller,
        name: &DocumentName,
        delete: Delete,
    ) -> Result<Operation, Error> {
        let deletion = self.collections.deletion(delete);
        let store = &self.collections.store;
        let deleted = store.delete_document(caller, name, &deletion).await?;
        self.collections.deleted("document", deleted)
    }

    /// Starts to chunk a stored document by another spec. A repeated request returns the same operation.
    ///
    /// # Errors
    ///
    /// Fails if no document has that name, it has no complete version, or an upload of it is unfinished. Also fails
    /// if the fields of `chunking` and the collection's contradict each other, if the request id belongs to another
    /// request, or if the document was deleted since.
    pub async fn rechunk(
        &self,
        caller: &Caller,
        document: DocumentName,
        mut chunking: Partial,
        request: Request,
    ) -> Result<Operation, Error> {
        let Collections {
            store,
            clock,
            specs,
            ..
        } = &self.collections;
        specs.pin(&mut chunking).await?;
        let new = NewRechunk {
            uid: request.uid.unwrap_or_else(|| clock.new_uid().into()),
            request_sha256: request.sha256,
            document,
            chunking,
            now: clock.now(),
        };
        match store.start_rechunk(caller, &new).await? {
            Started::Rechunk(rechunk) if rechunk.has_lost_its_document() => {
                Err(Error::DocumentDeletedSince)
            }
            Started::Rechunk(rechunk) => {
                self.asked.notify_one();
                Ok(rechunk.operation())
            }
            Started::NotFound => Err(Error::NotFound { kind: "document" }),
            Started::NoCurrentVersion => Err(Error::NoCurrentVersion),
            Started::Conflict(conflict) => Err(conflict.into()),
            Started::UploadRunning => Err(Error::UploadRunning),
            Started::OtherRequest => Err(other_request()),
        }
    }
}
