//! The folder that a document belongs to.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, ensure};

use crate::cli::arguments::common::PAGE_ROWS;
use crate::cli::connection::channel::Connection;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::uploads::stored_document::is_complete;
use crate::domain::ingest::digest::{hex, sha256};
use crate::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The label of a synchronized document, which names its folder.
pub(super) const MARK: &str = "sluice.sync-source";
/// The longest name of a folder, in bytes.
const ID_BYTES_MAX: usize = 255;
/// Bytes of the digest that names a folder by default.
const DIGEST_BYTES: usize = 16;

/// A synchronized folder, by its name in the collection.
#[derive(Clone, Debug)]
pub(super) struct SyncedFolder(String);

impl SyncedFolder {
    /// Returns the given name, or a digest. Paths are not revealed to readers of documents.
    pub(super) fn new(folder: &Path, id: Option<&str>) -> anyhow::Result<Self> {
        let name = || folder.display().to_string();
        ensure!(
            std::fs::metadata(folder).with_context(name)?.is_dir(),
            "{}: is not a folder",
            name()
        );
        if let Some(id) = id {
            let is_id = (1..=ID_BYTES_MAX).contains(&id.len()) && !id.contains(char::is_control);
            let bound = format!("--source-id: must be 1 to {ID_BYTES_MAX} bytes without controls");
            ensure!(is_id, anyhow::anyhow!(bound).context(WrongArguments));
            return Ok(Self(id.to_owned()));
        }
        let path = std::fs::canonicalize(folder).with_context(name)?;
        let machine = rustix::system::uname();
        let parts = [
            machine.nodename().to_bytes(),
            path.as_os_str().as_encoded_bytes(),
        ];
        Ok(Self(hex(&sha256(&parts.join(&0))[..DIGEST_BYTES])))
    }

    /// Returns the labels with the mark of this folder.
    pub(super) fn mark(&self, mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
        labels.insert(MARK.to_owned(), self.0.clone());
        labels
    }

    /// Whether a document belongs to this folder.
    pub(super) fn owns(&self, document: &pb::Document) -> bool {
        document.labels.get(MARK) == Some(&self.0)
    }

    /// Returns every document of this folder in a collection, read page by page.
    pub(super) async fn documents(
        &self,
        channel: Connection,
        collection: &CollectionId,
    ) -> anyhow::Result<HashMap<DocumentId, pb::Document>> {
        let mut client = DocumentServiceClient::new(channel);
        let mut documents = HashMap::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListDocumentsRequest {
                parent: collection.to_string(),
                page_size: PAGE_ROWS,
                page_token,
                labels: self.mark(BTreeMap::new()),
            };
            let page = client.list_documents(request).await;
            let page = page?.into_inner();
            for document in page.documents.into_iter().filter(is_complete) {
                let name = DocumentName::parse(&document.name)?;
                documents.insert(name.document, document);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(documents);
            }
        }
    }
}
