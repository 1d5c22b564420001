//! `sluice admin audit`: who did what.

use clap::Args;
use serde_json::json;

use crate::cli::common::{Common, PAGE_ROWS};
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Lists what was done or refused, the newest first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The tenant, or `-` for all and for what nobody knows the tenant of.
    #[arg(default_value = "-")]
    tenant: String,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    most: usize,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let columns = [
        ("seconds", 10),
        ("tenant", 16),
        ("principal", 24),
        ("source", 16),
        ("method", 48),
        ("target", 40),
        ("result", 18),
        ("count", 6),
        ("chain", 36),
        ("seq", 8),
    ];
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let mut table = Table::new(arguments.common.output, &columns)?;
    let (mut page_token, mut left) = (String::new(), arguments.most);
    while left > 0 {
        let request = pb::ListAuditEventsRequest {
            parent: format!("tenants/{}", arguments.tenant),
            page_size: PAGE_ROWS.min(i32::try_from(left).unwrap_or(PAGE_ROWS)),
            page_token,
            ..pb::ListAuditEventsRequest::default()
        };
        let page = client.list_audit_events(request).await;
        let page = page.map_err(|status| said(status.into()))?.into_inner();
        for event in page.audit_events {
            table.row(&[
                json!(event.event_time.map(|time| time.seconds)),
                json!(event.tenant.trim_start_matches("tenants/")),
                json!(event.principal),
                json!(event.source),
                json!(event.method),
                json!(event.target),
                json!(event.result),
                json!(event.count),
                json!(event.chain),
                json!(event.seq),
            ])?;
            left -= 1;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    table.finish()
}
