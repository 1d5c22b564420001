//! `sluice admin create-key`: a new key, or a client's certificate.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::output::{self, Format};
use crate::domain::ingest::digest::sha256;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// Create a key and print it once, or register a client's certificate.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Tenant of the principal.
    tenant: String,
    /// Principal that the key or certificate authenticates.
    principal: String,
    /// Role of the principal.
    #[arg(long, value_enum, default_value_t = Role::Writer)]
    role: Role,
    /// Days until the key expires [default: never].
    #[arg(long, value_name = "DAYS")]
    days: Option<u16>,
    /// Register the certificate in this PEM file instead of creating a key.
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

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let certificate = arguments.certificate_file.as_deref().map(fingerprint);
    let certificate = certificate.transpose()?.map(|digest| digest.to_vec());
    let role = match arguments.role {
        Role::Reader => pb::Role::Reader,
        Role::Writer => pb::Role::Writer,
        Role::Admin => pb::Role::Admin,
        Role::Operator => pb::Role::Operator,
    };
    let created = AdminServiceClient::new(arguments.common.server.channel()?)
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
    let created = created
        .map_err(|status| explain(status.into()))?
        .into_inner();
    let pb::CreateApiKeyResponse { api_key, secret } = created;
    let key = api_key.unwrap_or_default();
    if arguments.common.output == Format::Json {
        let mut fields = json::admin::key(key);
        fields.insert("secret".to_owned(), secret.into());
        return output::object(&fields.into());
    }
    output::line(if secret.is_empty() {
        &key.name
    } else {
        &secret
    })
}

/// Returns the digest of the first certificate in a file.
fn fingerprint(file: &Path) -> anyhow::Result<[u8; 32]> {
    let named = || file.display().to_string();
    let certificate = CertificateDer::from_pem_file(file).with_context(named)?;
    Ok(sha256(&certificate))
}
