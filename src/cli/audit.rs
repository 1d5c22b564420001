//! `sluice admin audit` and `verify-audit`: who did what, and whether that is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::bootstrap;
use crate::cli::inspect::{Common, PAGE_ROWS};
use crate::cli::output::{Table, WrongArguments, line};
use crate::cli::status::said;
use crate::config::Config;
use crate::domain::audit::Head;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Lists what was done or refused, the newest first.
#[derive(Debug, Args)]
pub(super) struct Listing {
    /// The tenant, or `-` for all and for what nobody knows the tenant of.
    #[arg(default_value = "-")]
    tenant: String,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    most: usize,
    #[command(flatten)]
    common: Common,
}

/// Reads the whole audit log in a store, fails if it is not as it was written, and prints where its chains
/// end. Keep that somewhere else: whoever takes off the end of a chain, and knows the key, is found out by
/// it. Works on the store, with or without servers.
#[derive(Debug, Args)]
pub(super) struct Verifying {
    /// A file of settings; the environment goes over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file, or `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// A file with what was printed before.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
}

/// A head as it is printed, a line each.
#[derive(Deserialize)]
struct Told {
    chain: String,
    seq: u64,
    sha256: String,
}

pub(super) async fn list(arguments: &Listing) -> anyhow::Result<()> {
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

pub(super) async fn verify(arguments: &Verifying) -> anyhow::Result<()> {
    let mut config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    if let Some(location) = &arguments.store {
        config.store.location = location.clone().into();
    }
    let told = arguments.heads.as_deref().map(told).transpose()?;
    let report = bootstrap::audited(&config, &told.unwrap_or_default()).await?;
    for head in &report.heads {
        let chain = Uuid::from_bytes(head.chain).to_string();
        let head = json!({ "chain": chain, "seq": head.seq, "sha256": hex(&head.hash) });
        line(&head.to_string())?;
    }
    if report.faults.is_empty() {
        return Ok(());
    }
    let faults = report.faults.iter();
    let faults = faults.map(|fault| format!("{}: {}", Uuid::from_bytes(fault.chain), fault.what));
    bail!("{}", faults.collect::<Vec<_>>().join("\n"))
}

/// What was printed before.
fn told(file: &Path) -> anyhow::Result<Vec<Head>> {
    let named = || file.display().to_string();
    let lines = BufReader::new(File::open(file).with_context(named)?).lines();
    let heads = lines.map(|line| {
        let told = serde_json::from_str::<Told>(&line?)?;
        Ok(Head {
            chain: told.chain.parse::<Uuid>()?.into_bytes(),
            seq: told.seq,
            hash: digest(&told.sha256).context("sha256 must have 64 hexadecimal digits")?,
        })
    });
    heads
        .collect::<anyhow::Result<Vec<_>>>()
        .with_context(named)
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (byte, at) in digest
        .iter_mut()
        .zip((0..64).step_by(2))
        .take_while(|_| is_hex)
    {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    is_hex.then_some(digest)
}
