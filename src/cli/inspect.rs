//! `sluice collections`, `documents`, `chunks`, `watch`: what a server holds.

use clap::Args;
use serde_json::json;

use crate::cli::client::Server;
use crate::cli::output::{Format, Table};
use crate::cli::spec_json;
use crate::cli::status::said;
use crate::cli::upload::label;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// How many rows a page has.
pub(super) const PAGE_ROWS: i32 = 1_000;

/// Lists collections.
#[derive(Debug, Args)]
pub(super) struct Collections {
    #[command(flatten)]
    common: Common,
}

/// Lists the documents of a collection.
#[derive(Debug, Args)]
pub(super) struct Documents {
    /// collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    /// Only documents that have this label.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    common: Common,
}

/// Reads the chunks of a document.
#[derive(Debug, Args)]
pub(super) struct Chunks {
    /// collections/{collection}/documents/{document}.
    document: String,
    /// The last ordinal that you have.
    #[arg(long, value_name = "ORDINAL")]
    after: Option<i64>,
    /// Follow the newest upload until it ends.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

/// Watches an operation until it ends.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) server: Server,
    /// How to write: `json` is JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
}

pub(super) async fn collections(arguments: &Collections) -> anyhow::Result<()> {
    let mut client = CollectionServiceClient::new(arguments.common.server.channel()?);
    let mut table = Table::new(arguments.common.output, &[("collection", 40)])?;
    let mut page_token = String::new();
    loop {
        let request = pb::ListCollectionsRequest {
            page_size: PAGE_ROWS,
            page_token,
        };
        let page = client
            .list_collections(request)
            .await
            .map_err(|status| said(status.into()))?
            .into_inner();
        for collection in page.collections {
            let details = [
                (
                    "chunking",
                    spec_json::chunking(&collection.chunking.unwrap_or_default()),
                ),
                (
                    "decoding",
                    spec_json::decoding(&collection.decoding.unwrap_or_default()),
                ),
            ];
            table.detailed_row(&[json!(collection.name)], &details)?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}

pub(super) async fn documents(arguments: &Documents) -> anyhow::Result<()> {
    let mut client = DocumentServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("document", 48),
        ("version", 8),
        ("chunks", 9),
        ("source_bytes", 13),
        ("partition", 9),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let mut page_token = String::new();
    loop {
        let parent = arguments.collection.clone();
        let request = pb::ListDocumentsRequest {
            parent,
            page_size: PAGE_ROWS,
            page_token,
            labels: arguments.labels.iter().cloned().collect(),
        };
        let page = client
            .list_documents(request)
            .await
            .map_err(|status| said(status.into()))?
            .into_inner();
        for document in page.documents {
            let pb::Document {
                name,
                current_version,
                chunks,
                source_bytes,
                partition,
                source_sha256,
                labels,
                chunking,
                decoding,
                engine_version,
                charset,
                ..
            } = document;
            let columns = [
                json!(name),
                json!(current_version),
                json!(chunks),
                json!(source_bytes),
                json!(partition),
            ];
            let details = [
                ("source_sha256", json!(hex(&source_sha256))),
                ("labels", json!(labels)),
                (
                    "chunking",
                    json!(chunking.as_ref().map(spec_json::chunking)),
                ),
                (
                    "decoding",
                    json!(decoding.as_ref().map(spec_json::decoding)),
                ),
                ("engine_version", json!(engine_version)),
                ("charset", json!(charset)),
            ];
            table.detailed_row(&columns, &details)?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}

pub(super) async fn chunks(arguments: &Chunks) -> anyhow::Result<()> {
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("ordinal", 8),
        ("start_byte", 12),
        ("end_byte", 12),
        ("text", 60),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let request = pb::StreamChunksRequest {
        document: arguments.document.clone(),
        after_ordinal: arguments.after,
        follow: arguments.follow,
    };
    let mut pages = client
        .stream_chunks(request)
        .await
        .map_err(|status| said(status.into()))?
        .into_inner();
    while let Some(page) = pages
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        for chunk in page.chunks {
            let byte = |place: Option<pb::Position>| json!(place.map(|place| place.byte));
            table.row(&[
                json!(chunk.ordinal),
                byte(chunk.start),
                byte(chunk.end),
                json!(chunk.text),
            ])?;
        }
        table.flush()?;
    }
    table.finish()
}

pub(super) async fn watch(arguments: &Watch) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("seq", 6),
        ("state", 10),
        ("committed_bytes", 16),
        ("chunks", 9),
        ("failure", 40),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let request = pb::WatchOperationRequest {
        name: arguments.operation.clone(),
        after_seq: 0,
    };
    let mut states = client
        .watch_operation(request)
        .await
        .map_err(|status| said(status.into()))?
        .into_inner();
    while let Some(state) = states
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        let operation = state.operation.unwrap_or_default();
        let name = operation
            .state()
            .as_str_name()
            .trim_start_matches("STATE_")
            .to_owned();
        let pb::Operation {
            seq,
            committed_bytes,
            chunks,
            failure_message,
            ..
        } = operation;
        table.row(&[
            json!(seq),
            json!(name),
            json!(committed_bytes),
            json!(chunks),
            json!(failure_message),
        ])?;
        table.flush()?;
    }
    table.finish()
}
