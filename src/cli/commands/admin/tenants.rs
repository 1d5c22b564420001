//! `sluice admin tenants`: the tenants of a server.

use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::calls::status::explain;
use crate::cli::connection::channel::Connection;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// List tenants, or change one.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Create a tenant of this name.
    #[arg(long, value_name = "TENANT")]
    create: Option<String>,
    /// Disable this tenant, so that its keys and certificates are rejected.
    #[arg(long, value_name = "TENANT")]
    disable: Option<String>,
    /// Enable this tenant again.
    #[arg(long, value_name = "TENANT")]
    enable: Option<String>,
    /// Delete this tenant with its keys. It must be disabled and empty.
    #[arg(long, value_name = "TENANT")]
    delete: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let name = |tenant: &String| format!("tenants/{tenant}");
    if let Some(tenant_id) = arguments.create.clone() {
        let created = client.create_tenant(pb::CreateTenantRequest { tenant_id });
        created.await.map_err(|status| explain(status.into()))?;
    }
    let disabled = arguments.disable.iter().map(|tenant| (tenant, true));
    let enabled = arguments.enable.iter().map(|tenant| (tenant, false));
    for (tenant, disabled) in disabled.chain(enabled) {
        let name = name(tenant);
        let updated = client.update_tenant(pb::UpdateTenantRequest {
            name,
            disabled: Some(disabled),
            quotas: None,
        });
        updated.await.map_err(|status| explain(status.into()))?;
    }
    if let Some(name) = arguments.delete.as_ref().map(name) {
        let deleted = client.delete_tenant(pb::DeleteTenantRequest { name });
        deleted.await.map_err(|status| explain(status.into()))?;
    }
    list_tenants(client, &arguments.common).await
}

async fn list_tenants(
    mut client: AdminServiceClient<Connection>,
    common: &Common,
) -> anyhow::Result<()> {
    let columns = [
        Column::of("tenant", 24),
        Column::of("disabled", 8),
        Column::of("create_time", 20),
    ];
    let mut table = Table::new(common.output, &columns);
    let mut page_token = String::new();
    loop {
        let page = client.list_tenants(pb::ListTenantsRequest {
            page_size: PAGE_ROWS,
            page_token,
        });
        let page = page
            .await
            .map_err(|status| explain(status.into()))?
            .into_inner();
        for tenant in page.tenants {
            table.row(&json::admin::tenant(tenant))?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
