//! `sluice admin quotas`: the quotas and the usage of a tenant.

use clap::Args;
use serde_json::json;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json::fields::object;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Show the quotas and the usage of a tenant, and change the quotas.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Tenant with the quotas.
    tenant: String,
    /// Largest number of documents, or `none` for no limit.
    #[arg(long, value_name = "NUMBER", value_parser = most)]
    documents: Option<Most>,
    /// Largest number of source bytes, or `none`.
    #[arg(long, value_name = "NUMBER", value_parser = most)]
    bytes: Option<Most>,
    /// Largest number of unfinished uploads, or `none`.
    #[arg(long, value_name = "NUMBER", value_parser = most)]
    uploads: Option<Most>,
    #[command(flatten)]
    common: Common,
}

/// A quota. `None` means that there is no limit.
#[derive(Clone, Copy, Debug)]
struct Most(Option<i64>);

fn most(text: &str) -> Result<Most, String> {
    if text == "none" {
        return Ok(Most(None));
    }
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    number
        .map(|number| Most(Some(number)))
        .ok_or_else(|| "must be a number from 0, or none".to_owned())
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let name = format!("tenants/{}", arguments.tenant);
    let request = pb::GetTenantRequest { name: name.clone() };
    let found = client.get_tenant(request).await;
    let found = found.map_err(|status| explain(status.into()))?.into_inner();
    let mut tenant = found.tenant.unwrap_or_default();
    let asked = [arguments.documents, arguments.bytes, arguments.uploads];
    if asked.iter().any(Option::is_some) {
        let quotas = tenant.quotas.unwrap_or_default();
        let [documents, bytes, uploads] = asked;
        let quotas = pb::Quotas {
            documents: documents.map_or(quotas.documents, |most| most.0),
            bytes: bytes.map_or(quotas.bytes, |most| most.0),
            uploads: uploads.map_or(quotas.uploads, |most| most.0),
        };
        let request = pb::UpdateTenantRequest {
            name,
            disabled: None,
            quotas: Some(quotas),
        };
        let updated = client.update_tenant(request).await;
        let updated = updated.map_err(|status| explain(status.into()))?;
        tenant = updated.into_inner().tenant.unwrap_or_default();
    }
    show(arguments, &tenant)
}

fn show(arguments: &Arguments, tenant: &pb::Tenant) -> anyhow::Result<()> {
    let columns = [
        Column::of("quota", 9),
        Column::of("most", 20),
        Column::of("used", 20),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let pb::Quotas {
        documents,
        bytes,
        uploads,
    } = tenant.quotas.unwrap_or_default();
    let used = tenant.usage;
    for (quota, most, used) in [
        ("documents", documents, used.map(|used| used.documents)),
        ("bytes", bytes, used.map(|used| used.bytes)),
        ("uploads", uploads, used.map(|used| used.uploads)),
    ] {
        let fields = [
            ("quota", json!(quota)),
            ("most", json!(most)),
            ("used", json!(used)),
        ];
        table.row(&object(fields))?;
    }
    table.finish()
}
