//! `sluice operations`: the operations of a server.

use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// List operations, newest first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        Column::of("operation", 47),
        Column::of("kind", 17),
        Column::of("state", 9),
        Column::of("chunks", 8),
        Column::of("create_time", 20),
        Column::of("target", 0),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let mut page_token = String::new();
    loop {
        let request = pb::ListOperationsRequest {
            page_size: PAGE_ROWS,
            page_token,
            ..pb::ListOperationsRequest::default()
        };
        let page = client.list_operations(request).await;
        let page = page.map_err(|status| explain(status.into()))?.into_inner();
        for operation in page.operations {
            table.row(&json::operations::operation(operation))?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
