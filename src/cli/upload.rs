//! `sluice upload`: documents into a server.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::cli::client::{Connection, Server};
use crate::cli::documents::Document;
use crate::cli::output::{self, DocumentsFailed, WrongArguments};
use crate::cli::sending::Sending;
use crate::cli::spec::{Chunking, Decoding};
use crate::domain::name::{CollectionId, DocumentId};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;

/// Uploads documents, and goes on after any failure. Of gzip and Zstandard files what is in them is
/// uploaded. A source slower than 16 KiB a second is refused.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, or `-` for the standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The collection; it is made if there is none of that name.
    #[arg(long, default_value = "default")]
    collection: String,
    /// What to call the document; only with one path [default: the file's name].
    #[arg(long, value_name = "ID")]
    document_id: Option<String>,
    /// Resume the upload of this UUID, or start one under that name; only with one path. Repeating it
    /// with other content or other options is an error.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    /// What to find the documents by again: KEY=VALUE.
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
    let channel = arguments.server.channel().context(WrongArguments)?;
    ensure_collection(channel.clone(), &collection).await?;
    let request_id = arguments.request_id.filter(|_| arguments.paths.len() == 1);
    let mut outcome = DocumentsFailed {
        failed: 0,
        all: arguments.paths.len(),
    };
    for path in &arguments.paths {
        let spec = pb::UploadSpec {
            collection: collection.to_string(),
            document_id: document_id(arguments, path)?,
            display_name: path.display().to_string(),
            labels: arguments.labels.iter().cloned().collect(),
            chunking: chunking.clone(),
            decoding: decoding.clone(),
            request_id: request_id.unwrap_or_else(Uuid::new_v4).to_string(),
            ..pb::UploadSpec::default()
        };
        if let Err(error) = send(channel.clone(), path, spec, request_id.is_some()).await {
            outcome.failed += 1;
            output::complain(&format!("{}: {error:#}", path.display()));
        }
    }
    if outcome.failed > 0 {
        Err(outcome.into())
    } else {
        Ok(())
    }
}

async fn send(
    channel: Connection,
    path: &Path,
    spec: pb::UploadSpec,
    is_resumed: bool,
) -> anyhow::Result<()> {
    let document = if path == Path::new("-") {
        Document::StandardInput
    } else {
        Document::File(path.to_owned())
    };
    // Opened once to see that it can be, and how long it is.
    let length = match &document {
        Document::StandardInput => None,
        Document::File(_) => document.open()?.1,
    };
    let bar = output::progress(&path.display().to_string(), length);
    let sent = Sending {
        document,
        spec,
        is_resumed,
    }
    .run(channel, &bar)
    .await;
    bar.finish_and_clear();
    let upload = sent.map_err(said)?;
    output::line(&format!(
        "{} version {}: {} chunks",
        upload.document, upload.version, upload.chunks
    ))
}

/// Parses a label.
pub(super) fn label(given: &str) -> Result<(String, String), String> {
    let (key, value) = given
        .split_once('=')
        .ok_or("must have the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
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

/// The id given, or the file's name with what no id may have left out.
fn document_id(arguments: &Arguments, path: &Path) -> anyhow::Result<String> {
    let named = arguments
        .document_id
        .clone()
        .filter(|_| arguments.paths.len() == 1);
    let id = named.unwrap_or_else(|| {
        let name = path
            .file_name()
            .map_or_else(|| "stdin".into(), std::ffi::OsStr::to_string_lossy);
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let name = name.strip_suffix(".zst").unwrap_or(name);
        let is_kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        name.chars().filter(is_kept).collect()
    });
    DocumentId::parse(&id)
        .context("--document-id")
        .context(WrongArguments)?;
    Ok(id)
}

/// A status says more than its code to people.
pub(super) fn said(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Status>() {
        Ok(status) => anyhow::anyhow!("{} ({:?})", status.message(), status.code()),
        Err(error) => error,
    }
}
