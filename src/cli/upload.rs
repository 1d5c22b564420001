//! `sluice upload`: documents into a server.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use tonic::Status;
use uuid::Uuid;

use crate::cli::client::Server;
use crate::cli::outcome::{Kind, Outcome};
use crate::cli::output::{self, WrongArguments};
use crate::cli::source::Source;
use crate::cli::sources::{self, Sources};
use crate::cli::spec::{Chunking, Decoding};
use crate::cli::uploader::{self, Uploader, ensure_collection};
use crate::domain::name::{CollectionId, DocumentId};
use crate::interface::grpc::pb;

/// Uploads documents, several at once. One that fails does not stop the others.
///
/// The id of a document is its file's path as it is typed, or its path below the folder that is named.
/// Letters and digits of any script, `-`, `_` and `.` stay as they are; every other byte becomes ~hh, as
/// does `/`. Of gzip and Zstandard sources the content is uploaded. Pipes may be as slow as they like.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, pipes, `-` for the standard input, or folders. Hidden files in folders and those that
    /// .gitignore or .ignore exclude are left out, and so are links.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The collection; it is created unless it exists.
    #[arg(long, default_value = "default")]
    collection: String,
    /// The document's id; only with one file [default: made of its path].
    #[arg(long, value_name = "ID")]
    document_id: Option<String>,
    /// Resume the upload of this UUID, or start it under that name; only with one file.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    /// A label to find the documents by: KEY=VALUE.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    chunking: Chunking,
    #[command(flatten)]
    decoding: Decoding,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chunking = arguments.chunking.request().context(WrongArguments)?;
    let decoding = arguments.decoding.request().context(WrongArguments)?;
    let collection = CollectionId::parse(&arguments.collection)
        .context("--collection")
        .context(WrongArguments)?;
    arguments.check_ids().context(WrongArguments)?;
    let id = arguments.document_id()?;
    let all = Sources::new(sources::of(&arguments.paths), id.as_ref())?;
    let channel = arguments.server.channel().context(WrongArguments)?;
    ensure_collection(channel.clone(), &collection).await?;
    let common = pb::UploadSpec {
        collection: collection.to_string(),
        labels: arguments.labels.iter().cloned().collect(),
        chunking,
        decoding,
        ..pb::UploadSpec::default()
    };
    send(arguments, Uploader { channel, common }, all).await
}

/// Uploads all, and says how each has ended.
async fn send(arguments: &Arguments, uploader: Uploader, all: Sources) -> anyhow::Result<()> {
    let mut outcome = Outcome::default();
    let is_single = arguments.is_single();
    outcome.explain_all(Kind::Skipped, all.skipped);
    outcome.explain_all(Kind::Failed, all.failed);
    let uploader = &uploader;
    let one = |(id, source): (DocumentId, Source)| async move {
        let name = source.name();
        let bar = if is_single {
            output::progress(&name, None)
        } else {
            indicatif::ProgressBar::hidden()
        };
        let sent = uploader
            .upload(&id, source, arguments.request_id, &bar)
            .await;
        bar.finish_and_clear();
        (name, sent)
    };
    uploader::each(all.sources, one, |(name, sent)| match sent {
        Ok(upload) => {
            outcome.count(Kind::Uploaded);
            output::line(&format!(
                "{} version {}: {} chunks",
                upload.document, upload.version, upload.chunks
            ))
        }
        Err(error) => {
            outcome.fail(&name, error);
            Ok(())
        }
    })
    .await?;
    if is_single {
        outcome.report_single()
    } else {
        outcome.report("")
    }
}

impl Arguments {
    /// Whether the paths name one document.
    fn is_single(&self) -> bool {
        match self.paths.as_slice() {
            [path] => path == Path::new("-") || !path.is_dir(),
            _ => false,
        }
    }

    /// Checks that an id is given for one document only.
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

/// Parses a label.
pub(super) fn label(given: &str) -> Result<(String, String), String> {
    let (key, value) = given
        .split_once('=')
        .ok_or("must have the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A status says more than its code to people.
pub(super) fn said(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Status>() {
        Ok(status) => anyhow::anyhow!("{} ({:?})", status.message(), status.code()),
        Err(error) => error,
    }
}
