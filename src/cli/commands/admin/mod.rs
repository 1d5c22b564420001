//! `sluice admin`: tenants, keys, quotas, the audit log, and information about a server.
//!
//! To add a command: a file with its arguments and a `run`, a variant in `Command`, a line in [`run`].

use clap::{Args, Subcommand};

mod audit;
mod bootstrap;
mod create_key;
mod info;
mod keys;
mod quotas;
mod revoke_key;
mod tenants;
mod verify_audit;

/// Manage tenants, keys and quotas, and read the audit log.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bootstrap(bootstrap::Arguments),
    Tenants(tenants::Arguments),
    Keys(keys::Arguments),
    CreateKey(create_key::Arguments),
    RevokeKey(revoke_key::Arguments),
    Quotas(quotas::Arguments),
    Audit(audit::Arguments),
    VerifyAudit(verify_audit::Arguments),
    Info(info::Arguments),
}

impl Arguments {
    /// Whether the command only reads.
    pub(super) fn only_reads(&self) -> bool {
        match self.command {
            Command::Keys(_) | Command::Audit(_) | Command::Info(_) => true,
            // A closed output must not cut off the verdict.
            Command::VerifyAudit(_)
            | Command::Bootstrap(_)
            | Command::Tenants(_)
            | Command::CreateKey(_)
            | Command::RevokeKey(_)
            | Command::Quotas(_) => false,
        }
    }
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Bootstrap(arguments) => bootstrap::run(arguments).await,
        Command::Tenants(arguments) => tenants::run(arguments).await,
        Command::Keys(arguments) => keys::run(arguments).await,
        Command::CreateKey(arguments) => create_key::run(arguments).await,
        Command::RevokeKey(arguments) => revoke_key::run(arguments).await,
        Command::Quotas(arguments) => quotas::run(arguments).await,
        Command::Audit(arguments) => audit::run(arguments).await,
        Command::VerifyAudit(arguments) => verify_audit::run(arguments).await,
        Command::Info(arguments) => info::run(arguments).await,
    }
}
