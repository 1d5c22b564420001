//! `sluice delete`: the end of a document or a collection.

use anyhow::Context;
use clap::Args;

use crate::cli::common::Common;
use crate::cli::output::{WrongArguments, line};
use crate::cli::status::said;
use crate::domain::name::{CollectionId, DocumentName};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Deletes a document or a collection, and prints the operation that removes its chunks.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}, or collections/{collection}/documents/{document}.
    name: String,
    /// Delete a collection even if it has documents.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
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
