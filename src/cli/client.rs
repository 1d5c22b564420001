//! Which server a command calls.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::cli::connection::address::Address;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::shown::Shown;
use crate::cli::output::WrongArguments;
use crate::config::client;
use crate::config::host_port::PORT;

/// Which server.
#[derive(Clone, Debug, Args)]
pub(super) struct Server {
    /// The server's address: HOST:PORT, HOST or :PORT, with http:// or https:// before it or not. Without
    /// a port it is 50051, without a host this machine, without a scheme http, or https if --ca-file is
    /// given; `SLUICE_SERVER` does as well [default: 127.0.0.1:50051].
    #[arg(long = "server", value_name = "ADDRESS")]
    address: Option<String>,
    /// A file with the API key or token to show; `SLUICE_API_KEY` does as well.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The authority of an https server's certificate, as PEM [default: the authorities of the system].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Server {
    /// Makes a connection that shows the key; it connects when it is used, and again when it has to.
    ///
    /// # Errors
    ///
    /// Fails if the address is none, or a file cannot be used.
    pub(super) fn channel(&self) -> anyhow::Result<Connection> {
        let address = self.address().context(WrongArguments)?;
        let connection = Connection::new(address, self.ca_file.as_deref(), self.shown()?);
        connection.context(WrongArguments)
    }

    /// The address of the argument, or else of the environment.
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

    /// The key of the file, or else of the environment. A server of one's own needs none.
    fn shown(&self) -> anyhow::Result<Shown> {
        if let Some(file) = &self.key_file {
            return Shown::file(file);
        }
        let key = client::api_key();
        key.as_ref().map_or(Ok(Shown::default()), Shown::key)
    }
}
