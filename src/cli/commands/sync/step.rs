//! The step for one file of a folder: upload it, rechunk its document, or leave it unchanged.

use std::collections::HashMap;
use std::time::Duration;

use tonic::Code;
use uuid::Uuid;

use crate::cli::calls::wait;
use crate::cli::commands::sync::synced_folder::{MARK, SyncedFolder};
use crate::cli::json;
use crate::cli::uploads::outcome::{Conflict, DocumentResult, Done, Line};
use crate::cli::uploads::source::Source;
use crate::cli::uploads::stored_document::{self, Difference, Expected};
use crate::cli::uploads::uploader::Uploader;
use crate::domain::names::resource::{CollectionId, DocumentId};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The synchronization of a folder with a collection.
#[derive(Debug)]
pub(super) struct Syncing<'a> {
    pub(super) uploader: &'a Uploader,
    pub(super) expected: Expected,
    pub(super) collection: CollectionId,
    pub(super) synced_folder: SyncedFolder,
    /// The documents of this folder when the run began.
    pub(super) own: HashMap<DocumentId, pb::Document>,
    pub(super) adopts: bool,
    pub(super) is_dry: bool,
}

impl Syncing<'_> {
    /// Uploads or rechunks a file if necessary.
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
            return self.upload(id, source).await;
        };
        if !self.synced_folder.owns(&document) && !self.adopts {
            return Err(foreign(&document));
        }
        match self.expected.difference(&document, &source).await? {
            Difference::Nothing => {
                let line = Line::silent(&document.name);
                Ok((DocumentResult::Unchanged, Some(line)))
            }
            Difference::Chunking => self.rechunk(id, source, &document.name).await,
            Difference::Content => self.upload(id, source).await,
        }
    }

    async fn upload(
        &self,
        id: &DocumentId,
        source: Source,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        if self.is_dry {
            let document = format!("{}/documents/{}", self.collection, id.as_str());
            // An upload of a file that cannot be read would fail.
            let name = source.name();
            tokio::task::spawn_blocking(move || source.open().map(drop)).await??;
            let line = format!("would upload {name} as {document}");
            return Ok((DocumentResult::Uploaded, Some(Line::of(line, &document))));
        }
        let upload = self.uploader.upload(id, source, None, false).await?;
        let line = self.uploader.line("uploaded ", upload).await;
        Ok((DocumentResult::Uploaded, Some(line)))
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
            return self.upload(id, source).await;
        };
        // The shared `Retries` reports a server that is away once for all documents.
        let ended =
            async || wait::wait_for_end(channel.clone(), begun.clone(), Duration::ZERO).await;
        let ended = self.uploader.retries.ask(ended).await?;
        if ended.state() != pb::operation::State::Succeeded {
            // The source cannot be restored from the text, or a newer version exists: upload the file.
            return self.upload(id, source).await;
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
