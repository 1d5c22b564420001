//! `sluice delete`: deletes a document or a collection.

use anyhow::{Context, anyhow, ensure};
use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::calls::wait;
use crate::cli::terminal::output::WrongArguments;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// The error for `--force` with a document.
const FORCE: &str = "--force is for collections, and the name is a document's: leave it out";

/// Delete a document or a collection, and print the operation that removes its chunks.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Collection or document, as collections/{collection} or collections/{collection}/documents/{document}.
    name: String,
    /// Delete a collection even if it has documents.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = arguments.name.clone();
    let operation = if DocumentName::parse(&name).is_ok() {
        ensure!(!arguments.force, anyhow!(FORCE).context(WrongArguments));
        let request = pb::DeleteDocumentRequest {
            name,
            ..pb::DeleteDocumentRequest::default()
        };
        let deleted = DocumentServiceClient::new(arguments.common.server.channel()?)
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
        let deleted = CollectionServiceClient::new(arguments.common.server.channel()?)
            .delete_collection(request)
            .await;
        deleted.map(|deleted| deleted.into_inner().operation)
    };
    let operation = operation.map_err(|status| explain(status.into()))?;
    wait::name(operation.unwrap_or_default(), arguments.common.output)
}
