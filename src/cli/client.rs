//! A connection to a server.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tonic::transport::{Channel, Endpoint};

/// Large enough for many watches of small messages on one connection (RUSTSEC-2026-0258).
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Not much below a minute, which servers may take for abuse (gRPC's keepalive guide).
const PING_EVERY: Duration = Duration::from_mins(1);
const PING_WAIT: Duration = Duration::from_secs(20);
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Which server.
#[derive(Clone, Debug, Args)]
pub(super) struct Server {
    /// The server's address.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
    server: String,
}

impl Server {
    /// The server at this address.
    pub(super) fn at(address: std::net::SocketAddr) -> Self {
        Self {
            server: format!("http://{address}"),
        }
    }

    /// Makes a channel; it connects when it is used, and again when it has to.
    pub(super) fn channel(&self) -> anyhow::Result<Channel> {
        let endpoint = Endpoint::from_shared(self.server.clone()).context("--server")?;
        Ok(endpoint
            .connect_timeout(CONNECT_MAX)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            // A server that has vanished without a word is noticed.
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WAIT)
            .connect_lazy())
    }
}
