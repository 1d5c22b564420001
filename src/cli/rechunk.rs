//! `sluice rechunk`: a stored document in other chunks, without sending it again.

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::client::{Connection, Server};
use crate::cli::output::{WrongArguments, line};
use crate::cli::spec::Chunking;
use crate::cli::upload::said;
use crate::domain::chunking::spec::Spec;
use crate::domain::name::DocumentName;
use crate::interface::grpc::convert::chunking::to_spec;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;
use crate::interface::grpc::pb::operation::State;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

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
    if !arguments.wait {
        return line(&operation.name);
    }
    let ended = ended(channel, operation).await?;
    if ended.state() != State::Succeeded {
        let state = ended.state().as_str_name().trim_start_matches("STATE_");
        bail!(
            "{} has ended as {state}: {}",
            ended.name,
            ended.failure_message
        );
    }
    line(&format!("{}: {} chunks", ended.target, ended.chunks))
}

/// The last state of an operation.
async fn ended(channel: Connection, operation: pb::Operation) -> anyhow::Result<pb::Operation> {
    let request = pb::WatchOperationRequest {
        name: operation.name.clone(),
        after_seq: 0,
    };
    let states = OperationServiceClient::new(channel)
        .watch_operation(request)
        .await;
    let mut states = states.map_err(|status| said(status.into()))?.into_inner();
    let mut latest = operation;
    while let Some(state) = states
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        latest = state.operation.unwrap_or_default();
    }
    Ok(latest)
}
