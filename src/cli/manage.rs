//! `sluice operations`, `cancel`, `delete`, `changes`: what goes on in a server, and what ends it.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::cli::inspect::{Common, PAGE_ROWS};
use crate::cli::output::{Table, WrongArguments, line};
use crate::cli::status::said;
use crate::domain::ingest::digest::hex;
use crate::domain::name::{CollectionId, DocumentName};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::change::Change as Kind;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Lists operations, the newest first.
#[derive(Debug, Args)]
pub(super) struct Operations {
    #[command(flatten)]
    common: Common,
}

/// Cancels an operation.
#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

/// Deletes a document or a collection, and prints the operation that removes its chunks.
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// collections/{collection}, or collections/{collection}/documents/{document}.
    name: String,
    /// Delete a collection even if it has documents.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
}

/// Follows what changes in the chunks of a collection.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    /// Where to go on: a cursor that was printed before, which may begin with a hyphen.
    #[arg(
        long,
        value_name = "CURSOR",
        default_value = "",
        allow_hyphen_values = true
    )]
    after: String,
    /// Wait for more once all is told.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn operations(arguments: &Operations) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("operation", 48),
        ("kind", 18),
        ("state", 10),
        ("chunks", 9),
        ("target", 40),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let mut page_token = String::new();
    loop {
        let request = pb::ListOperationsRequest {
            page_size: PAGE_ROWS,
            page_token,
            ..pb::ListOperationsRequest::default()
        };
        let page = client.list_operations(request).await;
        let page = page.map_err(|status| said(status.into()))?.into_inner();
        for operation in page.operations {
            let (kind, state) = (operation.kind(), operation.state());
            table.row(&[
                json!(operation.name),
                json!(kind.as_str_name().trim_start_matches("KIND_")),
                json!(state.as_str_name().trim_start_matches("STATE_")),
                json!(operation.chunks),
                json!(operation.target),
            ])?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}

pub(super) async fn cancel(arguments: &Cancel) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let name = arguments.operation.clone();
    let cancelled = client
        .cancel_operation(pb::CancelOperationRequest { name })
        .await;
    cancelled.map_err(|status| said(status.into()))?;
    line(&format!("{} is cancelled", arguments.operation))
}

pub(super) async fn delete(arguments: &Delete) -> anyhow::Result<()> {
    let channel = arguments.common.server.channel()?;
    let name = arguments.name.clone();
    let operation = if DocumentName::parse(&name).is_ok() {
        let request = pb::DeleteDocumentRequest {
            name,
            ..pb::DeleteDocumentRequest::default()
        };
        let deleted = DocumentServiceClient::new(channel)
            .delete_document(request)
            .await;
        deleted.map(|deleted| deleted.into_inner().operation)
    } else {
        CollectionId::parse_name(&name).context(WrongArguments)?;
        let request = pb::DeleteCollectionRequest {
            name,
            force: arguments.force,
            ..pb::DeleteCollectionRequest::default()
        };
        let deleted = CollectionServiceClient::new(channel)
            .delete_collection(request)
            .await;
        deleted.map(|deleted| deleted.into_inner().operation)
    };
    let operation = operation.map_err(|status| said(status.into()))?;
    line(&operation.unwrap_or_default().name)
}

pub(super) async fn changes(arguments: &Changes) -> anyhow::Result<()> {
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let columns = [("change", 8), ("name", 60), ("sha256", 64), ("cursor", 20)];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let request = pb::StreamChangesRequest {
        collection: arguments.collection.clone(),
        after_cursor: arguments.after.clone(),
        follow: arguments.follow,
    };
    let parts = client.stream_changes(request).await;
    let mut parts = parts.map_err(|status| said(status.into()))?.into_inner();
    while let Some(part) = parts
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        for change in part.changes {
            let (kind, name, sha256) = match change.change {
                Some(Kind::Reset(document)) => ("reset", document, String::new()),
                Some(Kind::Added(chunk)) => ("added", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Kept(chunk)) => ("kept", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Removed(gone)) => ("removed", gone.document, hex(&gone.sha256)),
                Some(Kind::Complete(version)) => ("complete", version.document, String::new()),
                None => continue,
            };
            table.row(&[json!(kind), json!(name), json!(sha256), json!(part.cursor)])?;
        }
        table.flush()?;
    }
    table.finish()
}
