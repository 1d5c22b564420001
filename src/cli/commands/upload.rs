//! `sluice upload`: uploads documents to a server.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use uuid::Uuid;

use crate::cli::stopping::Stopping;
use crate::cli::terminal::output::{Format, WrongArguments};
use crate::cli::uploads::concurrency;
use crate::cli::uploads::outcome::{DocumentResult, Done, Line, Outcome};
use crate::cli::uploads::source::Source;
use crate::cli::uploads::sources::{self, Sources};
use crate::cli::uploads::stored_document::{self, Difference, Expected};
use crate::cli::uploads::uploader::{UploadArguments, UploadOptions, Uploader, ensure_collection};
use crate::domain::names::resource::{CollectionId, DocumentId};
use crate::interface::grpc::pb;

/// Upload documents, several concurrently. A document that fails does not stop the others.
///
/// Files that are named are always sent. A file of a folder is skipped if an upload would change neither its bytes
/// nor its chunking, decoding and labels. Without --label a document keeps its labels.
///
/// The id of a document is its file's path as typed, or its path below the named folder. Letters and digits of any
/// script, `-`, `_` and `.` stay unchanged. Every other byte becomes ~hh, including `/`. Gzip and Zstandard sources
/// are decompressed. Pipes may be slow.
///
/// If the server is away, busy or full, the command reports that once and retries. An upload that was interrupted, by
/// Ctrl-C or in any other way, is resumed by the same command.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Files, pipes, `-` for the standard input, or folders. In folders, hidden files, links and files that
    /// .gitignore or .ignore exclude are skipped.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Collection; created unless it exists.
    #[arg(long, default_value = "default")]
    collection: String,
    /// Id of the document, for one file only [default: derived from its path].
    #[arg(long, value_name = "ID")]
    document_id: Option<String>,
    /// Resume the upload of this UUID, or start one under it, for one file only. Repeating it with other content or
    /// other options is an error.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    #[command(flatten)]
    uploads: UploadArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = arguments.uploads.spec()?;
    let collection = CollectionId::parse(&arguments.collection)
        .context("--collection")
        .context(WrongArguments)?;
    arguments.check_ids().context(WrongArguments)?;
    let id = arguments.document_id()?;
    let all = Sources::new(sources::of(&arguments.paths), id.as_ref())?;
    let stopping = Stopping::listen()?;
    let uploader = Uploader::new(
        &arguments.uploads,
        pb::UploadSpec {
            collection: collection.to_string(),
            ..spec
        },
    )?;
    let mut call = Call {
        uploader: &uploader,
        collection,
        expected: None,
        request_id: arguments.request_id,
        is_single: arguments.is_single(),
        output: arguments.uploads.common.output,
    };
    let work = async {
        call.prepare(arguments, &all).await?;
        call.run(all).await
    };
    uploader
        .open_uploads
        .unless_stopped(stopping, arguments.is_single(), work)
        .await
}

/// The uploads of one command.
struct Call<'a> {
    uploader: &'a Uploader,
    collection: CollectionId,
    /// The properties that stored documents are compared with. `None` means that no folder was named.
    expected: Option<Expected>,
    request_id: Option<Uuid>,
    is_single: bool,
    output: Format,
}

impl Call<'_> {
    /// Creates the collection. If folders were named, also gets the properties to compare stored documents with.
    async fn prepare(&mut self, arguments: &Arguments, all: &Sources) -> anyhow::Result<()> {
        let Uploader {
            channel, retries, ..
        } = self.uploader;
        let made = async || ensure_collection(channel.clone(), &self.collection).await;
        retries.ask(made).await?;
        let mut documents = all.documents.iter();
        if documents.any(|(_, source)| source.is_below_folder()) {
            let chunking = &arguments.uploads.chunking;
            let decoding = &arguments.uploads.decoding;
            let collection = &self.collection;
            let labels = self.uploader.common.labels.as_ref();
            let of = async || {
                Expected::of(channel.clone(), collection, chunking, decoding, labels).await
            };
            self.expected = Some(retries.ask(of).await?);
        }
        Ok(())
    }

    /// Returns the document. `None` means that it has no complete version.
    async fn stored(&self, id: &DocumentId) -> anyhow::Result<Option<pb::Document>> {
        let channel = &self.uploader.channel;
        let asked = async || stored_document::document(channel.clone(), &self.collection, id).await;
        self.uploader.retries.ask(asked).await
    }

    /// Uploads all documents, and reports how each ended.
    async fn run(&self, all: Sources) -> anyhow::Result<()> {
        let mut outcome = Outcome::new(self.output);
        outcome.explain_all(DocumentResult::Skipped, all.skipped);
        outcome.explain_all(DocumentResult::Failed, all.failed);
        let one = |(id, source): (DocumentId, Source)| async move {
            Done {
                name: source.name(),
                result: self.one(&id, source).await,
            }
        };
        let take = |done| outcome.take(done);
        concurrency::each(all.documents, !self.is_single, one, take).await?;
        if self.is_single {
            outcome.report_single()
        } else {
            outcome.report("")
        }
    }

    /// Uploads a document. A file of a folder is skipped if an upload would change nothing. A file that was named is
    /// always sent.
    async fn one(
        &self,
        id: &DocumentId,
        source: Source,
    ) -> anyhow::Result<(DocumentResult, Option<Line>)> {
        if source.is_below_folder()
            && let Some(expected) = &self.expected
            && let Some(document) = self.stored(id).await?
            && expected.difference(&document, &source).await? == Difference::Nothing
        {
            return Ok((
                DocumentResult::Unchanged,
                Some(Line::silent(&document.name)),
            ));
        }
        let options = UploadOptions {
            request_id: self.request_id,
            shows_progress: self.is_single,
            keeps_labels: false,
        };
        let upload = self.uploader.upload(id, source, options).await?;
        let line = self.uploader.line("", upload).await;
        Ok((DocumentResult::Uploaded, Some(line)))
    }
}

impl Arguments {
    /// Whether the paths name one document.
    fn is_single(&self) -> bool {
        sources::is_single(&self.paths)
    }

    /// Checks that ids are given for one document only.
    fn check_ids(&self) -> anyhow::Result<()> {
        let ids = [
            ("--document-id", self.document_id.is_some()),
            ("--request-id", self.request_id.is_some()),
        ];
        for (flag, is_given) in ids {
            ensure!(
                !is_given || self.is_single(),
                "{flag} is for one file, and the paths name several documents: upload that file alone"
            );
        }
        Ok(())
    }

    fn document_id(&self) -> anyhow::Result<Option<DocumentId>> {
        let id = self.document_id.as_deref().map(DocumentId::parse);
        id.transpose()
            .context("--document-id")
            .context(WrongArguments)
    }
}
