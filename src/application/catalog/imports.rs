//! Imports: files under the import root become documents.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::catalog::collections::other_request;
use crate::application::error::Error;
use crate::application::events::bus::Bus;
use crate::application::ports::import_root::ImportRoot;
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::ports::uploads::{Import, NewUpload, Started, Upload};
use crate::domain::names::path::PathName;

/// The use cases of imports.
#[derive(Clone, Debug)]
pub struct Imports {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// Where their files are; none: nothing is imported.
    pub root: Option<Arc<dyn ImportRoot>>,
    /// The longest source, in bytes.
    pub source_bytes_max: u64,
    /// Where news goes.
    pub bus: Arc<Bus>,
    /// Told when one was started.
    pub asked: Arc<Notify>,
}

impl Imports {
    /// Begins to make a document of a file; the same request again returns the operation. Unfinished
    /// uploads of the document fail, as with any new upload.
    ///
    /// # Errors
    ///
    /// Fails if there is no import root, no such file below it or no such collection, the file is too
    /// long, the request id is that of another request, or the document was deleted since.
    pub async fn start(
        &self,
        caller: &Caller,
        path: PathName,
        new: NewUpload,
    ) -> Result<Operation, Error> {
        let root = self.root.as_ref().ok_or(Error::ImportDisabled)?;
        // Before the file is looked at: by now it may be gone.
        if let Some(known) = self.store.upload(caller, &new.uid).await? {
            return same(&known, &new);
        }
        let file = root.open(&path).await?;
        let stamp = file.ok_or(Error::NotFound { kind: "file" })?.stamp();
        let most = self.source_bytes_max;
        if stamp.bytes > most {
            return Err(Error::SourceTooLarge { most });
        }
        let import = Some(Import { path, stamp });
        let new = NewUpload { import, ..new };
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

/// The operation of an upload, if it is the one that is asked for.
fn same(known: &Upload, new: &NewUpload) -> Result<Operation, Error> {
    if known.request_sha256 != new.request_sha256 {
        return Err(other_request());
    }
    if known.has_lost_its_document() {
        return Err(Error::DocumentDeletedSince);
    }
    Ok(known.operation())
}
