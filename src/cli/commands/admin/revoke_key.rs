//! `sluice admin revoke-key`: the end of a key.

use clap::Args;

use crate::cli::common::Common;
use crate::cli::output::line;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Revokes a key.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// tenants/{tenant}/apiKeys/{key}.
    name: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = arguments.name.clone();
    let revoked = AdminServiceClient::new(arguments.common.server.channel()?)
        .revoke_api_key(pb::RevokeApiKeyRequest { name })
        .await;
    revoked.map_err(|status| said(status.into()))?;
    line(&format!("{} is revoked", arguments.name))
}
