//! `sluice operations`: what goes on in a server.

use clap::Args;
use serde_json::json;

use crate::cli::common::{Common, PAGE_ROWS};
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Lists operations, the newest first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
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
