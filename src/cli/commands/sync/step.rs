//! The step for one file of a folder: upload it, rechunk or label its document, or leave it unchanged.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tonic::Code;
use uuid::Uuid;

use crate::cli::calls::{document_update, wait};
use crate::cli::commands::sync::synced_folder::{MARK, SyncedFolder};
use crate::cli::json;
use crate::cli::uploads::outcome::{Conflict, DocumentResult, Done, Line};
use crate::cli::uploads::source::Source;
use crate::cli::uploads::stored_document::{self, Difference, Expected};
use crate::cli::uploads::uploader::{UploadOptions, Uploader};
use crate::domain::names::resource::{CollectionId, DocumentId};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The synchronization of a folder with a collection.
#[derive(Debug)]
pub(super) struct Syncing<'a> {
    pub(super) uploader: &'a Uploader,
    pub(super) expected: Expected,
    /// The labels that each document gets.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) collection: CollectionId,
    pub(super) synced_folder: SyncedFolder,
    /// The documents of this folder when the run began.
    pub(super) own: HashMap<DocumentId, pb::Document>,
    pub(super) adopts: bool,
    pub(super) is_dry: bool,
}

impl Syncing<'_> {
    /// Uploads, rechunks or labels the document of a file if necessary.
    pub(super) async fn step(&self, id: DocumentId, source: Source) -> Done {
        Done {
            name: source.name(),
            result: self.of(&id, source).await,
        }
    }

    async fn of(
        &self,
        id: &DocumentId,
        source: Source,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        let channel = &self.uploader.channel;
        let stored =
            async || stored_document::document(channel.clone(), &self.collection, id).await;
        let document = match self.own.get(id) {
            Some(document) => Some(document.clone()),
            None => self.uploader.retries.ask(stored).await?,
        };
        let Some(document) = document else {
            return self.upload(id, source, false).await;
        };
        if !self.synced_folder.owns(&document) && !self.adopts {
            return Err(foreign(&document));
        }
        let difference = self.expected.difference(&document, &source).await?;
        let labelled = if self.is_labelled(&document) {
            None
        } else {
            Some(self.label(&document).await?)
        };
        match difference {
            Difference::Nothing => {
                let unchanged = || {
                    (
                        DocumentResult::Unchanged,
                        Some(Line::silent(&document.name)),
                    )
                };
                Ok(labelled.unwrap_or_else(unchanged))
            }
            Difference::Chunking => self.rechunk(id, source, &document.name).await,
            Difference::Content => self.upload(id, source, true).await,
        }
    }

    /// Uploads a file. `keeps_labels` says whether the document exists, and so keeps its labels.
    async fn upload(
        &self,
        id: &DocumentId,
        source: Source,
        keeps_labels: bool,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        if self.is_dry {
            let document = format!("{}/documents/{}", self.collection, id.as_str());
            // An upload of a file that cannot be read would fail.
            let name = source.name();
            tokio::task::spawn_blocking(move || source.open().map(drop)).await??;
            let line = format!("would upload {name} as {document}");
            return Ok((DocumentResult::Uploaded, Some(Line::of(line, &document))));
        }
        let options = UploadOptions {
            keeps_labels,
            ..UploadOptions::default()
        };
        let upload = self.uploader.upload(id, source, options).await?;
        let line = self.uploader.line("uploaded ", upload).await;
        Ok((DocumentResult::Uploaded, Some(line)))
    }

    /// Whether a document has the labels of this run.
    fn is_labelled(&self, document: &pb::Document) -> bool {
        let labels = self.labels.iter();
        let mut missing = labels.filter(|(key, value)| document.labels.get(*key) != Some(*value));
        missing.next().is_none()
    }

    /// Adds the labels of this run to a document.
    async fn label(
        &self,
        document: &pb::Document,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        let name = &document.name;
        if self.is_dry {
            let line = Line::of(format!("would label {name}"), name);
            return Ok((DocumentResult::Labelled, Some(line)));
        }
        let channel = &self.uploader.channel;
        let change = |document: &mut pb::Document| document.labels.extend(self.labels.clone());
        let labelled = async || {
            document_update::update(channel.clone(), name, &["labels"], change)
                .await
                .map_err(Into::into)
        };
        self.uploader.retries.ask(labelled).await?;
        let line = Line::of(format!("labelled {name}"), name);
        Ok((DocumentResult::Labelled, Some(line)))
    }

    /// Makes the server chunk the stored text again. Uploads the file if the server cannot.
    async fn rechunk(
        &self,
        id: &DocumentId,
        source: Source,
        name: &str,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        if self.is_dry {
            let line = Line::of(format!("would rechunk {name}"), name);
            return Ok((DocumentResult::Rechunked, Some(line)));
        }
        let request = pb::RechunkDocumentRequest {
            name: name.to_owned(),
            chunking: self.uploader.common.chunking.clone(),
            request_id: Uuid::new_v4().to_string(),
        };
        let channel = self.uploader.channel.clone();
        let rechunk = async || {
            let mut client = DocumentServiceClient::new(channel.clone());
            match client.rechunk_document(request.clone()).await {
                Ok(begun) => Ok(begun.into_inner().operation),
                // An interrupted upload has not ended, so a new one replaces it.
                Err(status) if status.code() == Code::FailedPrecondition => Ok(None),
                Err(status) => Err(status.into()),
            }
        };
        let Some(begun) = self.uploader.retries.ask(rechunk).await? else {
            return self.upload(id, source, true).await;
        };
        // The shared `Retries` reports a server that is away once for all documents.
        let ended =
            async || wait::wait_for_end(channel.clone(), begun.clone(), Duration::ZERO).await;
        let ended = self.uploader.retries.ask(ended).await?;
        if ended.state() != pb::operation::State::Succeeded {
            // The source cannot be restored from the text, or a newer version exists: upload the file.
            return self.upload(id, source, true).await;
        }
        let text = format!("rechunked {name}: {} chunks", ended.chunks);
        let mut line = Line::of(text, name);
        line.fields.extend(json::operations::operation(ended));
        Ok((DocumentResult::Rechunked, Some(line)))
    }
}

/// Returns the error for a document that belongs to another folder.
fn foreign(document: &pb::Document) -> anyhow::Error {
    let name = &document.name;
    let line = match document.labels.get(MARK) {
        None => format!("{name} has no label {MARK}, so it is left unchanged: --adopt replaces it"),
        Some(owner) => format!(
            "{name} belongs to the folder {owner}, so it is left unchanged: --adopt replaces it; if this is \
             that folder under another name, give --source-id {owner}"
        ),
    };
    Conflict(line).into()
}
