//! A connection to a server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tonic::codegen::http::HeaderValue;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use crate::config::client;
use crate::domain::secret::Secret;

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
    #[arg(
        long = "server",
        value_name = "URL",
        default_value = "http://127.0.0.1:50051"
    )]
    url: String,
    /// A file with the API key or token to show; `SLUICE_API_KEY` does as well.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The authority of the server's certificate, as PEM: an https server needs it.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// A channel, and what is shown with each request.
pub(super) type Connection = InterceptedService<Channel, Shown>;

/// Shows a credential.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Option<AsciiMetadataValue>);

impl Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(shown) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", shown.clone());
        }
        Ok(request)
    }
}

impl Server {
    /// The server at this address.
    pub(super) fn at(address: std::net::SocketAddr) -> Self {
        Self {
            url: format!("http://{address}"),
            key_file: None,
            ca_file: None,
        }
    }

    /// Makes a channel that shows the key; it connects when it is used, and again when it has to.
    pub(super) fn channel(&self) -> anyhow::Result<Connection> {
        Ok(InterceptedService::new(self.connect()?, self.shown()?))
    }

    /// Makes a channel that shows nothing yet.
    pub(super) fn connect(&self) -> anyhow::Result<Channel> {
        let mut endpoint = Endpoint::from_shared(self.url.clone()).context("--server")?;
        if let Some(file) = &self.ca_file {
            let authority = std::fs::read(file).with_context(|| file.display().to_string())?;
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
            endpoint = endpoint.tls_config(tls).context("--ca-file")?;
        }
        Ok(endpoint
            .connect_timeout(CONNECT_MAX)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            // A server that has vanished without a word is noticed.
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WAIT)
            .connect_lazy())
    }

    /// The key of the file, or else of the environment. A server of one's own needs none.
    fn shown(&self) -> anyhow::Result<Shown> {
        let key = match &self.key_file {
            Some(file) => Some(Secret::new(text_of(file)?.trim().to_owned())),
            None => client::api_key(),
        };
        key.as_ref().map_or(Ok(Shown(None)), Shown::key)
    }
}

impl Shown {
    /// Shows this key or token.
    fn key(key: &Secret) -> anyhow::Result<Self> {
        let shown = format!("Bearer {}", key.expose()).parse::<AsciiMetadataValue>();
        let mut shown = shown.map_err(|_secret| anyhow::anyhow!("the key is not one"))?;
        shown.set_sensitive(true);
        Ok(Self(Some(shown)))
    }

    /// One for each line of a file.
    pub(super) fn lines(file: &Path) -> anyhow::Result<Vec<Self>> {
        let text = text_of(file)?;
        let keys = text.lines().map(|line| Secret::new(line.trim().to_owned()));
        keys.map(|key| Self::key(&key)).collect()
    }

    /// The value of the header `authorization`, if there is one.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let shown = self.0.as_ref()?;
        let mut header = HeaderValue::from_bytes(shown.as_bytes()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
