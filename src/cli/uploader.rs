//! Uploads of one call into one collection.

use futures_util::StreamExt;
use futures_util::stream;
use indicatif::ProgressBar;
use tonic::Code;
use uuid::Uuid;

use crate::cli::client::Connection;
use crate::cli::json;
use crate::cli::outcome::Line;
use crate::cli::progress;
use crate::cli::reading::Reading;
use crate::cli::sending::Sending;
use crate::cli::source::Source;
use crate::cli::status::said;
use crate::domain::name::{CollectionId, DocumentId};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Documents that are sent at once: more are no faster, and each holds 5 MiB.
const DOCUMENTS_AT_ONCE: usize = 8;
/// The longest name that a server takes for people.
const DISPLAY_NAME_BYTES_MAX: usize = 1_024;

/// Uploads documents into a collection.
#[derive(Clone, Debug)]
pub(super) struct Uploader {
    pub(super) channel: Connection,
    /// The fields that all of them share: collection, labels, chunking and decoding.
    pub(super) common: pb::UploadSpec,
}

impl Uploader {
    /// Uploads a document under a new request id, or resumes the upload of the given one, with or without
    /// a progress bar of its own.
    pub(super) async fn upload(
        &self,
        id: &DocumentId,
        source: Source,
        request_id: Option<Uuid>,
        shows_progress: bool,
    ) -> anyhow::Result<pb::Upload> {
        let name = source.name();
        let spec = pb::UploadSpec {
            document_id: id.as_str().to_owned(),
            display_name: display_name(&name),
            request_id: request_id.unwrap_or_else(Uuid::new_v4).to_string(),
            ..self.common.clone()
        };
        let reading = Reading::open(source).await?;
        let bar = if shows_progress {
            progress::of_document(&name, reading.length())
        } else {
            ProgressBar::hidden()
        };
        let sending = Sending {
            reading,
            spec,
            is_resumed: request_id.is_some(),
        };
        let sent = sending.run(self.channel.clone(), &bar).await;
        bar.finish_and_clear();
        sent
    }

    /// What is said of an upload that is complete, with the charset that its source was decoded from.
    pub(super) async fn line(&self, head: &str, upload: pb::Upload) -> Line {
        let charset = self.charset(&upload).await;
        let decoded = charset
            .as_ref()
            .map(|charset| format!(", charset {charset}"));
        let text = format!(
            "{head}{} version {}: {} chunks{}",
            upload.document,
            upload.version,
            upload.chunks,
            decoded.unwrap_or_default()
        );
        let mut fields = json::uploads::upload(upload);
        fields.insert("charset".to_owned(), charset.into());
        Line {
            text: Some(text),
            fields,
        }
    }

    /// The charset of an upload's version; none if it cannot be read, or a newer one has taken its place.
    async fn charset(&self, upload: &pb::Upload) -> Option<String> {
        let name = upload.document.clone();
        let mut client = DocumentServiceClient::new(self.channel.clone());
        let found = client.get_document(pb::GetDocumentRequest { name }).await;
        let document = found.ok()?.into_inner().document?;
        (document.current_version == upload.version).then_some(document.charset)
    }
}

/// Does something with each document, several at once, and hands out each result as it comes, with or without
/// a progress bar for all of them.
pub(super) async fn each<T, F, R>(
    documents: Vec<T>,
    shows_progress: bool,
    work: impl FnMut(T) -> F,
    mut result: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()>
where
    F: Future<Output = R>,
{
    let bar = if shows_progress {
        progress::of_documents(documents.len())
    } else {
        ProgressBar::hidden()
    };
    let mut done = stream::iter(documents)
        .map(work)
        .buffer_unordered(DOCUMENTS_AT_ONCE);
    while let Some(one) = done.next().await {
        bar.inc(1);
        result(one)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Makes the collection unless it is there.
pub(super) async fn ensure_collection(
    channel: Connection,
    id: &CollectionId,
) -> anyhow::Result<()> {
    let request = pb::CreateCollectionRequest {
        collection_id: id.as_str().to_owned(),
        ..pb::CreateCollectionRequest::default()
    };
    match CollectionServiceClient::new(channel)
        .create_collection(request)
        .await
    {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        Err(status) => Err(said(status.into())),
    }
}

/// A name for people: of a long path, its end.
fn display_name(path: &str) -> String {
    const CUT: &str = "\u{2026}";
    if path.len() <= DISPLAY_NAME_BYTES_MAX {
        return path.to_owned();
    }
    let from = path.ceil_char_boundary(path.len() - DISPLAY_NAME_BYTES_MAX + CUT.len());
    format!("{CUT}{}", &path[from..])
}
