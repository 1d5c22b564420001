//! `sluice admin keys`: the keys of a tenant.

use clap::Args;
use serde_json::json;

use crate::cli::common::{Common, PAGE_ROWS};
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Lists the keys of a tenant.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The tenant.
    #[arg(default_value = "default")]
    tenant: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = AdminServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("key", 80),
        ("principal", 20),
        ("role", 8),
        ("revoked", 7),
        ("expires_seconds", 15),
        ("shows", 64),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let mut page_token = String::new();
    loop {
        let page = client.list_api_keys(pb::ListApiKeysRequest {
            parent: format!("tenants/{}", arguments.tenant),
            page_size: PAGE_ROWS,
            page_token,
        });
        let page = page
            .await
            .map_err(|status| said(status.into()))?
            .into_inner();
        for key in page.api_keys {
            let role = key.role().as_str_name().trim_start_matches("ROLE_");
            let shows = match key.certificate_sha256.as_ref() {
                [] => key.prefix.clone(),
                digest => hex(digest),
            };
            table.row(&[
                json!(key.name),
                json!(key.principal),
                json!(role),
                json!(key.revoke_time.is_some()),
                json!(key.expire_time.map(|time| time.seconds)),
                json!(shows),
            ])?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
