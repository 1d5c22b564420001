//! `sluice admin keys`: the keys of a tenant.

use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// List the keys of a tenant.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Tenant of the keys.
    #[arg(default_value = "default")]
    tenant: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        Column::of("key", 60),
        Column::of("principal", 16),
        Column::of("role", 8),
        Column::of("revoke_time", 20),
        Column::of("expire_time", 20),
        Column::of("shows", 0),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let mut page_token = String::new();
    loop {
        let page = client.list_api_keys(pb::ListApiKeysRequest {
            parent: format!("tenants/{}", arguments.tenant),
            page_size: PAGE_ROWS,
            page_token,
        });
        let page = page
            .await
            .map_err(|status| explain(status.into()))?
            .into_inner();
        for key in page.api_keys {
            table.row(&json::admin::key(key))?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
