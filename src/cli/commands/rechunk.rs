//! `sluice rechunk`: chunks a stored document differently, without sending it again.

use anyhow::Context;
use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::arguments::spec::Chunking;
use crate::cli::calls::status::explain;
use crate::cli::calls::wait::report;
use crate::cli::terminal::output::WrongArguments;
use crate::domain::names::resource::DocumentName;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Chunk a stored document differently, and print the operation. Without an argument the collection decides.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    name: String,
    /// Wait until the operation ends.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    chunking: Chunking,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chunking = arguments.chunking.request().context(WrongArguments)?;
    let name = DocumentName::parse(&arguments.name).context(WrongArguments)?;
    let channel = arguments.common.server.channel()?;
    let request = pb::RechunkDocumentRequest {
        name: name.to_string(),
        chunking,
        ..pb::RechunkDocumentRequest::default()
    };
    let begun = DocumentServiceClient::new(channel.clone())
        .rechunk_document(request)
        .await;
    let begun = begun.map_err(|status| explain(status.into()))?.into_inner();
    let operation = begun.operation.unwrap_or_default();
    report(channel, operation, arguments.wait, arguments.common.output).await
}
