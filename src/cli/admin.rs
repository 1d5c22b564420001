//! `sluice admin`: tenants, keys, and what a server is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use crate::bootstrap;
use crate::cli::client::Connection;
use crate::cli::inspect::{Common, PAGE_ROWS};
use crate::cli::output::{Table, WrongArguments, line};
use crate::cli::status::said;
use crate::cli::{audit, quotas};
use crate::config::Config;
use crate::domain::ingest::digest::{hex, sha256};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// Looks after tenants and their keys.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the first operator's key and prints it, this once. Works on the store, without a server.
    Bootstrap(Bootstrap),
    /// Lists tenants, or changes one.
    Tenants(Tenants),
    /// Lists the keys of a tenant.
    Keys(Keys),
    /// Makes a key and prints it, this once; or registers a client's certificate.
    CreateKey(CreateKey),
    /// Revokes a key.
    RevokeKey(RevokeKey),
    Quotas(quotas::Arguments),
    Audit(audit::Listing),
    VerifyAudit(audit::Verifying),
    /// Shows what the server is.
    Info(Info),
}

#[derive(Debug, Args)]
struct Bootstrap {
    /// A file of settings; the environment goes over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file, or `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Make one even if there is an operator's key that works: it may be lost.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
struct Tenants {
    /// Create a tenant of this name.
    #[arg(long, value_name = "TENANT")]
    create: Option<String>,
    /// Let nobody of this tenant in any more.
    #[arg(long, value_name = "TENANT")]
    disable: Option<String>,
    /// Let those of this tenant in again.
    #[arg(long, value_name = "TENANT")]
    enable: Option<String>,
    /// Delete this tenant, which is disabled and empty, with its keys.
    #[arg(long, value_name = "TENANT")]
    delete: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Keys {
    /// The tenant.
    #[arg(default_value = "default")]
    tenant: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct CreateKey {
    /// The tenant.
    tenant: String,
    /// Who is let in.
    principal: String,
    /// What the principal may do.
    #[arg(long, value_enum, default_value_t = Role::Writer)]
    role: Role,
    /// After how many days the key expires [default: never].
    #[arg(long, value_name = "DAYS")]
    days: Option<u16>,
    /// Register this certificate, as PEM, in place of making a key.
    #[arg(long, value_name = "FILE")]
    certificate_file: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Reader,
    Writer,
    Admin,
    Operator,
}

#[derive(Debug, Args)]
struct RevokeKey {
    /// tenants/{tenant}/apiKeys/{key}.
    name: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Info {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Bootstrap(arguments) => bootstrap(arguments).await,
        Command::Tenants(arguments) => tenants(arguments).await,
        Command::Keys(arguments) => keys(arguments).await,
        Command::CreateKey(arguments) => create_key(arguments).await,
        Command::RevokeKey(arguments) => revoke_key(arguments).await,
        Command::Quotas(arguments) => quotas::run(arguments).await,
        Command::Audit(arguments) => audit::list(arguments).await,
        Command::VerifyAudit(arguments) => audit::verify(arguments).await,
        Command::Info(arguments) => info(arguments).await,
    }
}

async fn bootstrap(arguments: &Bootstrap) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    let mut store = config.store;
    if let Some(location) = &arguments.store {
        store.location = location.clone().into();
    }
    let made = bootstrap::first_key(&store, arguments.force).await?;
    let key = made.context("there is an operator's key; --force makes another one")?;
    line(key.expose())
}

async fn tenants(arguments: &Tenants) -> anyhow::Result<()> {
    let mut client = client(&arguments.common)?;
    let name = |tenant: &String| format!("tenants/{tenant}");
    if let Some(tenant_id) = arguments.create.clone() {
        let created = client.create_tenant(pb::CreateTenantRequest { tenant_id });
        created.await.map_err(|status| said(status.into()))?;
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
        updated.await.map_err(|status| said(status.into()))?;
    }
    if let Some(name) = arguments.delete.as_ref().map(name) {
        let deleted = client.delete_tenant(pb::DeleteTenantRequest { name });
        deleted.await.map_err(|status| said(status.into()))?;
    }
    list_tenants(client, &arguments.common).await
}

async fn list_tenants(
    mut client: AdminServiceClient<Connection>,
    common: &Common,
) -> anyhow::Result<()> {
    let mut table = Table::new(common.output, &[("tenant", 63), ("disabled", 8)])?;
    let mut page_token = String::new();
    loop {
        let page = client.list_tenants(pb::ListTenantsRequest {
            page_size: PAGE_ROWS,
            page_token,
        });
        let page = page
            .await
            .map_err(|status| said(status.into()))?
            .into_inner();
        for tenant in page.tenants {
            table.row(&[json!(tenant.name), json!(tenant.disabled)])?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}

async fn keys(arguments: &Keys) -> anyhow::Result<()> {
    let mut client = client(&arguments.common)?;
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

async fn create_key(arguments: &CreateKey) -> anyhow::Result<()> {
    let certificate = arguments.certificate_file.as_deref().map(fingerprint);
    let certificate = certificate.transpose()?.map(|digest| digest.to_vec());
    let role = match arguments.role {
        Role::Reader => pb::Role::Reader,
        Role::Writer => pb::Role::Writer,
        Role::Admin => pb::Role::Admin,
        Role::Operator => pb::Role::Operator,
    };
    let created = client(&arguments.common)?
        .create_api_key(pb::CreateApiKeyRequest {
            parent: format!("tenants/{}", arguments.tenant),
            principal: arguments.principal.clone(),
            role: role.into(),
            ttl: arguments.days.map(|days| prost_types::Duration {
                seconds: i64::from(days) * DAY,
                nanos: 0,
            }),
            certificate_sha256: certificate.unwrap_or_default().into(),
        })
        .await;
    let created = created.map_err(|status| said(status.into()))?.into_inner();
    if created.secret.is_empty() {
        return line(&created.api_key.unwrap_or_default().name);
    }
    line(&created.secret)
}

/// The digest of the first certificate in a file.
fn fingerprint(file: &Path) -> anyhow::Result<[u8; 32]> {
    let named = || file.display().to_string();
    let certificate = CertificateDer::from_pem_file(file).with_context(named)?;
    Ok(sha256(&certificate))
}

async fn revoke_key(arguments: &RevokeKey) -> anyhow::Result<()> {
    let name = arguments.name.clone();
    let revoked = client(&arguments.common)?
        .revoke_api_key(pb::RevokeApiKeyRequest { name })
        .await;
    revoked.map_err(|status| said(status.into()))?;
    line(&format!("{} is revoked", arguments.name))
}

async fn info(arguments: &Info) -> anyhow::Result<()> {
    let info = client(&arguments.common)?
        .get_server_info(pb::GetServerInfoRequest {})
        .await;
    let info = info.map_err(|status| said(status.into()))?.into_inner();
    let columns = [
        ("version", 8),
        ("engine_version", 14),
        ("store", 8),
        ("uptime_seconds", 14),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    table.row(&[
        json!(info.version),
        json!(info.engine_version),
        json!(info.store().as_str_name().trim_start_matches("STORE_")),
        json!(info.uptime.unwrap_or_default().seconds),
    ])?;
    table.finish()
}

fn client(common: &Common) -> anyhow::Result<AdminServiceClient<Connection>> {
    Ok(AdminServiceClient::new(common.server.channel()?))
}
