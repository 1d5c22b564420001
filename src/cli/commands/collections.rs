//! `sluice collections`: the collections of a server.

use clap::Args;
use serde_json::json;

use crate::cli::common::{Common, PAGE_ROWS};
use crate::cli::output::Table;
use crate::cli::spec_json;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;

/// Lists collections.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
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
