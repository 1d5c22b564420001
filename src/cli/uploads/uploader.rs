//! Uploads of one command into one collection.

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use prost::Message;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::cli::arguments::common::Common;
use crate::cli::arguments::label::Labels;
use crate::cli::arguments::spec::{Chunking, Decoding};
use crate::cli::calls::retry::{Retries, Retrying};
use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;
use crate::cli::json;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::terminal::progress;
use crate::cli::uploads::open_uploads::{self, OpenUploads};
use crate::cli::uploads::outcome::Line;
use crate::cli::uploads::resumable_upload::Sending;
use crate::cli::uploads::resume_records::{self, Record, ResumeRecords};
use crate::cli::uploads::source::Source;
use crate::cli::uploads::source_reader::SourceReader;
use crate::domain::ingest::digest::{hex, sha256};
use crate::domain::names::resource::{CollectionId, DocumentId};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The longest display name that a server accepts.
const DISPLAY_NAME_BYTES_MAX: usize = 1_024;

/// The arguments for retries and resumption.
#[derive(Debug, Args)]
struct Resuming {
    #[command(flatten)]
    retrying: Retrying,
    /// Start new uploads instead of resuming interrupted ones of the same files. By default an upload is resumed if
    /// the file and the options are the same. Its state is kept for 6 days in `$XDG_STATE_HOME/sluice/uploads`, or
    /// else ~/.local/state/sluice/uploads.
    #[arg(long)]
    no_resume: bool,
}

/// Arguments of the commands that upload documents.
#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    resuming: Resuming,
    #[command(flatten)]
    pub(crate) chunking: Chunking,
    #[command(flatten)]
    pub(crate) decoding: Decoding,
}

impl UploadArguments {
    /// Returns the fields that all uploads share, without the collection.
    ///
    /// # Errors
    ///
    /// Fails if arguments contradict each other.
    pub(crate) fn spec(&self) -> anyhow::Result<pb::UploadSpec> {
        Ok(pb::UploadSpec {
            labels: self.labels.request().context(WrongArguments)?,
            chunking: self.chunking.request().context(WrongArguments)?,
            decoding: self.decoding.request().context(WrongArguments)?,
            ..pb::UploadSpec::default()
        })
    }
}

/// The options of one upload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UploadOptions {
    /// The upload to resume or to start. `None` means the one that an earlier run left, or a new one.
    pub(crate) request_id: Option<Uuid>,
    /// Whether a progress bar is drawn for the document.
    pub(crate) shows_progress: bool,
    /// Whether the document keeps its labels.
    pub(crate) keeps_labels: bool,
}

/// Uploads documents into a collection.
#[derive(Debug)]
pub(crate) struct Uploader {
    pub(crate) channel: Connection,
    pub(crate) retries: Retries,
    kept: ResumeRecords,
    pub(crate) open_uploads: OpenUploads,
    /// The fields that all uploads share: collection, labels, chunking and decoding.
    pub(crate) common: pb::UploadSpec,
}

impl Uploader {
    /// Returns an uploader for documents with the fields of `common`.
    ///
    /// # Errors
    ///
    /// Fails if the server's address is invalid.
    pub(crate) fn new(arguments: &UploadArguments, common: pb::UploadSpec) -> anyhow::Result<Self> {
        let channel = arguments.common.server.channel()?;
        let Resuming {
            retrying,
            no_resume,
        } = &arguments.resuming;
        Ok(Self {
            retries: Retries::new(channel.clone(), retrying.retry_for),
            kept: ResumeRecords::open(*no_resume),
            open_uploads: OpenUploads::default(),
            common,
            channel,
        })
    }

    /// Uploads a document. Resumes the upload of the given request id, or else the one that an earlier run of the
    /// same command left.
    pub(crate) async fn upload(
        &self,
        id: &DocumentId,
        source: Source,
        options: UploadOptions,
    ) -> anyhow::Result<pb::Upload> {
        let UploadOptions {
            request_id,
            shows_progress,
            keeps_labels,
        } = options;
        let name = source.name();
        let mut spec = pb::UploadSpec {
            document_id: id.as_str().to_owned(),
            display_name: display_name(&name),
            ..self.common.clone()
        };
        if keeps_labels {
            spec.labels = None;
        }
        let reading = SourceReader::open(source).await?;
        let bar = if shows_progress {
            progress::of_document(&name, reading.length())
        } else {
            ProgressBar::hidden()
        };
        let mut sending = Sending {
            reading,
            spec,
            is_resumed: request_id.is_some(),
        };
        let record = match request_id {
            Some(_) => None,
            None => self.record(&mut sending).await?,
        };
        let kept_id = record.as_ref().map(|record| record.request_id);
        let request_id = request_id.or(kept_id).unwrap_or_else(Uuid::new_v4);
        sending.spec.request_id = request_id.to_string();
        let upload = open_uploads::OpenUpload {
            name,
            document_id: id.as_str().to_owned(),
            is_kept: record.is_some(),
        };
        let _entry = self.open_uploads.enter(request_id, upload);
        let sent = sending.run(self.channel.clone(), &self.retries, &bar).await;
        bar.finish_and_clear();
        // Another run may resume after a transient failure, or once the source can be read.
        let has_ended = sent
            .as_ref()
            .map_or_else(|error| self.is_end(error), |_| true);
        if let Some(record) = record.filter(|_| has_ended) {
            record.forget();
        }
        sent
    }

    /// Returns the line of a complete upload, with the charset from which its source was decoded.
    pub(crate) async fn line(&self, head: &str, upload: pb::Upload) -> Line {
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

    /// Returns the charset of an upload's version. `None` means that it cannot be read, or that a newer version is
    /// current.
    async fn charset(&self, upload: &pb::Upload) -> Option<String> {
        let name = upload.document.clone();
        let mut client = DocumentServiceClient::new(self.channel.clone());
        let found = client.get_document(pb::GetDocumentRequest { name }).await;
        let document = found.ok()?.into_inner().document?;
        (document.current_version == upload.version).then_some(document.charset)
    }

    /// Whether the server has ended an upload with this error. After a fault of a credential, certificate or quota
    /// the upload stays open, and can be resumed once that is fixed.
    fn is_end(&self, error: &anyhow::Error) -> bool {
        let open = [
            Code::Unauthenticated,
            Code::PermissionDenied,
            Code::ResourceExhausted,
        ];
        error.downcast_ref::<Status>().is_some_and(|status| {
            !self.retries.is_passing(status)
                && Unreached::of(status).is_none()
                && !open.contains(&status.code())
        })
    }

    /// Takes over the upload that an earlier run left, or records a new one. Returns `None` if the source cannot be
    /// read again, if another run is sending it, or if no record can be stored.
    async fn record(&self, sending: &mut Sending) -> anyhow::Result<Option<Record>> {
        let Some((stamp, path)) = sending.reading.file() else {
            return Ok(None);
        };
        let spec = &sending.spec;
        let upload = resume_records::UploadIdentity {
            server: self.channel.url().to_owned(),
            collection: spec.collection.clone(),
            document_id: spec.document_id.clone(),
            path: path.display().to_string(),
            path_sha256: hex(&sha256(path.as_os_str().as_encoded_bytes())),
            stamp,
            spec_sha256: hex(&sha256(&spec.encode_to_vec())),
        };
        let Some(record) = self.kept.take(&upload) else {
            return Ok(None);
        };
        if !record.is_resumed {
            return Ok(Some(record));
        }
        sending.spec.request_id = record.request_id.to_string();
        if sending
            .is_resumable(self.channel.clone(), &self.retries)
            .await?
        {
            sending.is_resumed = true;
            return Ok(Some(record));
        }
        record.forget();
        Ok(self.kept.take(&upload))
    }
}

/// Creates the collection unless it exists.
pub(crate) async fn ensure_collection(
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
        Err(status) => Err(status.into()),
    }
}

/// Returns the display name: the path, or the end of a long path.
fn display_name(path: &str) -> String {
    const CUT: &str = "\u{2026}";
    if path.len() <= DISPLAY_NAME_BYTES_MAX {
        return path.to_owned();
    }
    let from = path.ceil_char_boundary(path.len() - DISPLAY_NAME_BYTES_MAX + CUT.len());
    format!("{CUT}{}", &path[from..])
}
