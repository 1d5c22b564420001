//! `sluice import`: makes a document of a file on the server.

use anyhow::{Context, anyhow};
use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::arguments::label::Labels;
use crate::cli::arguments::spec::{Chunking, Decoding};
use crate::cli::calls::status::explain;
use crate::cli::calls::wait::report;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::uploads::uploader::ensure_collection;
use crate::domain::names::path::PathName;
use crate::domain::names::resource::DocumentName;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Make a document of a file below the server's import root, and print the operation.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as COLLECTION/DOCUMENT or collections/{collection}/documents/{document}; the collection is created
    /// unless it exists.
    name: String,
    /// Path of the file below the server's import root.
    path: String,
    /// Wait until the operation ends.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    chunking: Chunking,
    #[command(flatten)]
    decoding: Decoding,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chunking = arguments.chunking.request().context(WrongArguments)?;
    let decoding = arguments.decoding.request().context(WrongArguments)?;
    let labels = arguments.labels.request().context(WrongArguments)?;
    let name = document(&arguments.name).context(WrongArguments)?;
    PathName::parse(&arguments.path)
        .context("the path")
        .context(WrongArguments)?;
    let channel = arguments.common.server.channel()?;
    ensure_collection(channel.clone(), &name.collection).await?;
    let request = pb::ImportDocumentRequest {
        parent: name.collection.to_string(),
        document_id: name.document.as_str().to_owned(),
        path: arguments.path.clone(),
        labels,
        chunking,
        decoding,
        ..pb::ImportDocumentRequest::default()
    };
    let begun = DocumentServiceClient::new(channel.clone())
        .import_document(request)
        .await;
    let begun = begun.map_err(|status| explain(status.into()))?.into_inner();
    let operation = begun.operation.unwrap_or_default();
    report(channel, operation, arguments.wait, arguments.common.output).await
}

/// Parses the name of a document, in its short form or its full one.
fn document(given: &str) -> anyhow::Result<DocumentName> {
    if given.starts_with("collections/") {
        return Ok(DocumentName::parse(given)?);
    }
    let (collection, document) = given
        .split_once('/')
        .ok_or_else(|| anyhow!("must have the form COLLECTION/DOCUMENT"))?;
    Ok(DocumentName::parse(&format!(
        "collections/{collection}/documents/{document}"
    ))?)
}
