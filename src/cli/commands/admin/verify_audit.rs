//! `sluice admin verify-audit`: verifies the audit log.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::bootstrap;
use crate::cli::terminal::output::{Reported, WrongArguments, complain, object};
use crate::config::Config;
use crate::domain::audit::Head;
use crate::domain::ingest::digest::hex;

/// Verify the whole audit log in a store, and print the heads of its chains.
///
/// Fails if the log is not as it was written. Works on the store, with or without running servers. Store the heads
/// elsewhere, and pass them with --heads later. They reveal a chain whose end was removed, even by an attacker who
/// knows the key.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Settings file; the environment overrides it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Store: a file, or `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// File with the heads that an earlier run has printed.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
}

/// A head as printed, one per line.
#[derive(Deserialize)]
struct PrintedHead {
    chain: String,
    seq: u64,
    sha256: String,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    if let Some(location) = &arguments.store {
        config.store.location = location.clone().into();
    }
    let heads = arguments.heads.as_deref().map(read_heads).transpose()?;
    let report = bootstrap::audited(&config, &heads.unwrap_or_default()).await?;
    for fault in &report.faults {
        complain(&format!("{}: {}", fault.chain, fault.what));
    }
    let printed = report.heads.iter().try_for_each(|head| {
        let chain = head.chain.to_string();
        object(&json!({ "chain": chain, "seq": head.seq, "sha256": hex(&head.hash) }))
    });
    // The verdict counts, even if the reader has closed the output.
    if report.faults.is_empty() {
        printed
    } else {
        Err(Reported.into())
    }
}

/// Reads the heads that an earlier run has printed.
fn read_heads(file: &Path) -> anyhow::Result<Vec<Head>> {
    let named = || file.display().to_string();
    let lines = BufReader::new(File::open(file).with_context(named)?).lines();
    let heads = lines.map(|line| {
        let head = serde_json::from_str::<PrintedHead>(&line?)?;
        Ok(Head {
            chain: head.chain.parse::<Uuid>()?.into_bytes().into(),
            seq: head.seq,
            hash: digest(&head.sha256).context("sha256 must have 64 hexadecimal digits")?,
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
