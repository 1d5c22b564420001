//! `sluice admin verify-audit`: whether the audit log is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::bootstrap;
use crate::cli::output::{Reported, WrongArguments, complain, object};
use crate::config::Config;
use crate::domain::audit::Head;
use crate::domain::ingest::digest::hex;

/// Reads the whole audit log in a store, fails if it is not as it was written, and prints where its chains
/// end. Keep that somewhere else: whoever takes off the end of a chain, and knows the key, is found out by
/// it. Works on the store, with or without servers.
#[derive(Debug, Args)]
pub(super) struct Arguments {
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

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    if let Some(location) = &arguments.store {
        config.store.location = location.clone().into();
    }
    let told = arguments.heads.as_deref().map(told).transpose()?;
    let report = bootstrap::audited(&config, &told.unwrap_or_default()).await?;
    for fault in &report.faults {
        let chain = Uuid::from_bytes(fault.chain);
        complain(&format!("{chain}: {}", fault.what));
    }
    let printed = report.heads.iter().try_for_each(|head| {
        let chain = Uuid::from_bytes(head.chain).to_string();
        object(&json!({ "chain": chain, "seq": head.seq, "sha256": hex(&head.hash) }))
    });
    // The verdict counts, whether its reader is gone or not.
    if report.faults.is_empty() {
        printed
    } else {
        Err(Reported.into())
    }
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
