//! The arguments that select the server and the credential.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::cli::connection::address::Address;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::credential::Credential;
use crate::cli::terminal::output::WrongArguments;
use crate::config::addresses::host_port::PORT;
use crate::config::client;

/// The server and the credential.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerArguments {
    /// Server address: HOST:PORT, HOST or :PORT, optionally after http:// or https://. The port defaults to 50051,
    /// the host to this machine, the scheme to http, or to https with --ca-file. Overrides `SLUICE_SERVER` [default:
    /// 127.0.0.1:50051].
    #[arg(long = "server", value_name = "ADDRESS")]
    address: Option<String>,
    /// Read the API key or token from this file. Overrides `SLUICE_API_KEY`.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Trust the certificate authorities of this PEM file for https [default: the authorities of the system].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl ServerArguments {
    /// Returns a connection that sends the credential. It connects on first use, and reconnects when necessary.
    ///
    /// # Errors
    ///
    /// Fails if the address is invalid, or if a file cannot be used.
    pub(crate) fn channel(&self) -> anyhow::Result<Connection> {
        let address = self.address().context(WrongArguments)?;
        let connection = Connection::new(address, self.ca_file.as_deref(), self.credential()?);
        connection.context(WrongArguments)
    }

    /// Returns the address of `--server`, else of the environment, else the default.
    fn address(&self) -> anyhow::Result<Address> {
        let has_authority = self.ca_file.is_some();
        let (text, place) = match &self.address {
            Some(text) => (text.clone(), "--server"),
            None => match client::server() {
                Some(text) => (text, client::SERVER),
                None => (format!(":{PORT}"), "--server"),
            },
        };
        Address::parse(&text, has_authority).context(place)
    }

    /// Returns the credential of `--key-file`, else of the environment. A local server without authentication needs
    /// none.
    fn credential(&self) -> anyhow::Result<Credential> {
        if let Some(file) = &self.key_file {
            return Credential::file(file);
        }
        let key = client::api_key();
        key.as_ref()
            .map_or(Ok(Credential::default()), Credential::key)
    }
}
