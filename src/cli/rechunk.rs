//! `sluice rechunk`: a stored document in other chunks, without sending it again.

use anyhow::Context;
use clap::Args;

use crate::cli::begun::tell;
use crate::cli::client::Server;
use crate::cli::output::WrongArguments;
use crate::cli::spec::Chunking;
use crate::cli::upload::said;
use crate::domain::chunking::spec::Spec;
use crate::domain::name::DocumentName;
use crate::interface::grpc::convert::chunking::to_spec;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Chunks a document in another way, and prints the operation that does it. Without chunking
/// arguments it is chunked as its collection says.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}/documents/{document}.
    name: String,
    /// Wait until it is done.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    chunking: Chunking,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = arguments.chunking.spec().context(WrongArguments)?;
    let name = DocumentName::parse(&arguments.name).context(WrongArguments)?;
    let channel = arguments.server.channel().context(WrongArguments)?;
    let request = pb::RechunkDocumentRequest {
        name: name.to_string(),
        // What is as it is by default is left to the collection.
        chunking: (spec != Spec::default()).then(|| to_spec(&spec)),
        ..pb::RechunkDocumentRequest::default()
    };
    let begun = DocumentServiceClient::new(channel.clone())
        .rechunk_document(request)
        .await;
    let begun = begun.map_err(|status| said(status.into()))?.into_inner();
    let operation = begun.operation.unwrap_or_default();
    tell(channel, operation, arguments.wait).await
}
