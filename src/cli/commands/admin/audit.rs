//! `sluice admin audit`: the entries of the audit log.

use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// List the actions that were performed or refused, newest first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Tenant; `-` lists all tenants and requests of unknown tenants.
    #[arg(default_value = "-")]
    tenant: String,
    /// Largest number of entries.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    most: usize,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let columns = [
        Column::of("event_time", 20),
        Column::of("tenant", 16),
        Column::of("principal", 16),
        Column::of("source", 15),
        Column::of("method", 44),
        Column::of("target", 40),
        Column::of("result", 18),
        Column::of("count", 6),
        Column::of("chain", 36),
        Column::of("seq", 0),
    ];
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let mut table = Table::new(arguments.common.output, &columns);
    let mut page_token = String::new();
    let mut left = arguments.most;
    while left > 0 {
        let request = pb::ListAuditEventsRequest {
            parent: format!("tenants/{}", arguments.tenant),
            page_size: PAGE_ROWS.min(i32::try_from(left).unwrap_or(PAGE_ROWS)),
            page_token,
            ..pb::ListAuditEventsRequest::default()
        };
        let page = client.list_audit_events(request).await;
        let page = page.map_err(|status| explain(status.into()))?.into_inner();
        left = left.saturating_sub(page.audit_events.len());
        for event in page.audit_events {
            table.row(&json::admin::audit_event(event))?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    table.finish()
}
