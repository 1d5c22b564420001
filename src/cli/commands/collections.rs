//! `sluice collections`: the collections of a server.

use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;

/// List collections.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = CollectionServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        Column::of("collection", 32),
        Column::of("create_time", 20),
        Column::of("update_time", 20),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let mut page_token = String::new();
    loop {
        let request = pb::ListCollectionsRequest {
            page_size: PAGE_ROWS,
            page_token,
        };
        let page = client
            .list_collections(request)
            .await
            .map_err(|status| explain(status.into()))?
            .into_inner();
        for collection in page.collections {
            table.row(&json::collections::collection(collection))?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
