//! Imports files under the import root as documents.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::catalog::collections::other_request;
use crate::application::error::Error;
use crate::application::events::bus::Bus;
use crate::application::ports::import_root::ImportRoot;
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::ports::uploads::{Import, NewUpload, Started, Upload, UploadSource};
use crate::application::spec_loader::SpecLoader;
use crate::domain::names::path::PathName;

/// The use cases of imports.
#[derive(Clone, Debug)]
pub struct Imports {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The import root. `None` means that imports are disabled.
    pub root: Option<Arc<dyn ImportRoot>>,
    /// The longest source, in bytes.
    pub source_bytes_max: u64,
    /// The bus that announces superseded uploads.
    pub bus: Arc<Bus>,
    /// Notified when an import was started.
    pub asked: Arc<Notify>,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
}

impl Imports {
    /// Starts to import a file as a document. A repeated request returns the same operation. Unfinished uploads of
    /// the document fail, as with any new upload.
    ///
    /// # Errors
    ///
    /// Fails if imports are disabled, the file or the collection does not exist, or the file is too long. Also fails
    /// if the request id belongs to another request, or the document was deleted since.
    pub async fn start(
        &self,
        caller: &Caller,
        path: PathName,
        new: NewUpload,
    ) -> Result<Operation, Error> {
        let root = self.root.as_ref().ok_or(Error::ImportDisabled)?;
        // Checked before the file is opened: a repeated request succeeds even if the file is gone.
        if let Some(known) = self.store.upload(caller, &new.uid).await? {
            return same(&known, &new);
        }
        let file = root.open(&path).await?;
        let stamp = file.ok_or(Error::NotFound { kind: "file" })?.stamp();
        let most = self.source_bytes_max;
        if stamp.bytes > most {
            return Err(Error::SourceTooLarge { most });
        }
        let source = UploadSource::Import(Import { path, stamp });
        let mut new = NewUpload { source, ..new };
        self.specs.pin(&mut new.preferences.chunking).await?;
        match self.store.start_upload(caller, &new).await? {
            Started::Upload(upload, superseded) => {
                for operation in superseded {
                    self.bus.publish(operation);
                }
                self.asked.notify_one();
                same(&upload, &new)
            }
            Started::Conflict(conflict) => Err(conflict.into()),
            Started::NoCollection => Err(Error::NotFound { kind: "collection" }),
            Started::OtherRequest => Err(other_request()),
        }
    }
}

/// Returns the operation of an upload, if the request that started it was the same.
fn same(known: &Upload, new: &NewUpload) -> Result<Operation, Error> {
    if known.request_sha256 != new.request_sha256 {
        return Err(other_request());
    }
    if known.has_lost_its_document() {
        return Err(Error::DocumentDeletedSince);
    }
    Ok(known.operation())
}
