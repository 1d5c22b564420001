//! Documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::catalog::collections::{Collections, Delete, other_request};
use crate::application::catalog::imports::Imports;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::ports::documents::Document;
use crate::application::ports::operations::Operation;
use crate::application::ports::rechunks::{NewRechunk, Started};
use crate::application::request::Request;
use crate::domain::chunking::partial::Partial;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::names::resource::{CollectionId, DocumentName};

/// The use cases of documents; collections hold them.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The collections.
    pub collections: Collections,
    /// Those that are made of files.
    pub imports: Imports,
    /// Told when a rechunk was started.
    pub asked: Arc<Notify>,
}

impl Documents {
    /// The document of that name.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn get(&self, caller: &Caller, name: &DocumentName) -> Result<Document, Error> {
        let found = self.collections.store.document(caller, name).await?;
        found.ok_or(Error::NotFound { kind: "document" })
    }

    /// A page of a collection's documents that have all of these labels, in the order of their ids.
    ///
    /// # Errors
    ///
    /// Fails if there is no such collection, for a negative size, and for a token of another list.
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
            let labels = document.labels.iter();
            let labels = labels.map(|(key, value)| key.len() + value.len());
            let current = document.current.as_ref();
            let ladder = current.and_then(|version| version.spec.strategy().separators());
            document.display_name.len()
                + labels.sum::<usize>()
                + ladder.map_or(0, SeparatorLevels::bytes)
        };
        Ok(page.cut(list, |document| document.id.as_str().to_owned(), bytes))
    }

    /// Deletes a document: it is gone at once, its chunks by and by.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name, or it was changed meanwhile.
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
    /// Begins to chunk a document in another way; the same request again returns the operation.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name, it has no complete version, an upload of it has not ended,
    /// its sizes and the collection's do not fit together, or the request id is that of another request.
    pub async fn rechunk(
        &self,
        caller: &Caller,
        document: DocumentName,
        chunking: Partial,
        request: Request,
    ) -> Result<Operation, Error> {
        let Collections { store, clock, .. } = &self.collections;
        let new = NewRechunk {
            uid: request.uid.unwrap_or_else(|| clock.new_uid()),
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
