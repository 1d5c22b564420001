//! `sluice documents`: the documents of a collection.

use clap::Args;
use serde_json::json;

use crate::cli::common::{Common, PAGE_ROWS};
use crate::cli::label::label;
use crate::cli::output::Table;
use crate::cli::spec_json;
use crate::cli::status::said;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Lists the documents of a collection.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    /// Only documents that have this label.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
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
