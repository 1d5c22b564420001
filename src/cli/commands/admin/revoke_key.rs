//! `sluice admin revoke-key`: revokes a key.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::output::{self, Format};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Revoke a key.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Key, as tenants/{tenant}/apiKeys/{key}.
    name: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = arguments.name.clone();
    let revoked = AdminServiceClient::new(arguments.common.server.channel()?)
        .revoke_api_key(pb::RevokeApiKeyRequest { name })
        .await;
    let revoked = revoked
        .map_err(|status| explain(status.into()))?
        .into_inner();
    let key = revoked.api_key.unwrap_or_default();
    match arguments.common.output {
        Format::Json => output::object(&json::admin::key(key).into()),
        Format::Table => output::line(&format!("{} is revoked", arguments.name)),
    }
}
