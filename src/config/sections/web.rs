//! Settings for browsers and watchers.

use serde::{Deserialize, Serialize};

/// Settings for browsers and watchers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// The origins of pages that may use the server, as browsers send them: `https://example.org`.
    pub origins: Vec<String>,
    /// The maximum number of WebSockets of an instance, from 1.
    pub sockets_max: u32,
    /// The interval of pings to the client of a WebSocket, in seconds, from 1.
    pub ping_every_seconds: u64,
    /// The time to wait for the answer to a ping, in seconds, from 1.
    pub pong_seconds_max: u64,
    /// The time the client of a WebSocket may read nothing, in seconds, from 1.
    pub slow_reader_seconds_max: u64,
}

/// A value that no browser or client sends.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An origin that no browser sends.
    #[error("web.origins: {0:?} is not an origin as browsers send it, such as https://example.org")]
    Origin(String),
}

impl Default for Web {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            // 10,000 WebSockets and the kernel's part take 120 MB of memory. Their files are two thirds of the
            // connections.
            sockets_max: 10_000,
            ping_every_seconds: 30,
            pong_seconds_max: 20,
            slow_reader_seconds_max: 10,
        }
    }
}

impl Web {
    /// Returns the settings with a minimum: the name, the value, and the minimum.
    pub(crate) fn least(&self) -> [(&'static str, u64, u64); 4] {
        [
            ("web.sockets_max", self.sockets_max.into(), 1),
            ("web.ping_every_seconds", self.ping_every_seconds, 1),
            ("web.pong_seconds_max", self.pong_seconds_max, 1),
            (
                "web.slow_reader_seconds_max",
                self.slow_reader_seconds_max,
                1,
            ),
        ]
    }

    /// Checks the origins.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(Error::Origin(origin.clone())),
            None => Ok(()),
        }
    }
}

/// Whether a text is a scheme, a host, and perhaps a port (RFC 6454 §6.2). `null` is none, because any page can have
/// it.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "1"));
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    matches!(scheme, "http" | "https") && is_port && is_host(host)
}

fn is_host(host: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    !host.is_empty() && host.chars().all(is_fit)
}
