//! The limits of connections, and of the memory of the process.

use serde::{Deserialize, Serialize};

/// Limits of the server itself.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The maximum number of connections, from 1.
    pub connections_max: u32,
    /// The maximum number of connections from one address, from 1. Behind a proxy all clients have the proxy's
    /// address.
    pub connections_per_address_max: u32,
    /// The approximate number of calls a second from one address, on all its connections, from 1. A value above
    /// 100,000 counts as 100,000. The burst is a tenth of the value. A connection counts as two calls, and with TLS
    /// as five. Headers continued in another frame count as one more call. So do ten other frames of HTTP/2 (pings,
    /// settings, content below 1 KiB), or 160 bytes of HTTP/1. Bytes beyond the limit wait unread. Behind a proxy all
    /// clients share the proxy's limit.
    pub calls_per_address_per_second_max: u32,
    /// The time a connection may exist before its first request, in seconds, from 1.
    pub first_request_seconds_max: u64,
    /// The time a connection may be unused afterwards, in seconds, from 1.
    pub idle_seconds_max: u64,
    /// The memory of the process from which it refuses calls, in bytes. 0 means the limit of its control group, if
    /// there is one.
    pub memory_bytes_max: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            // Together with the files of the store, below the usual limit of 20,000 open files.
            connections_max: 15_000,
            // A browser has 6, and a program a few. 14 addresses can hold their maximum at once.
            connections_per_address_max: 1_024,
            // The rate of reads of one principal.
            calls_per_address_per_second_max: 5_000,
            first_request_seconds_max: 10,
            idle_seconds_max: 300,
            memory_bytes_max: 0,
        }
    }
}

impl Server {
    /// Returns the settings with a minimum: the name, the value, and the minimum.
    pub(crate) fn least(self) -> [(&'static str, u64, u64); 5] {
        [
            ("server.connections_max", self.connections_max.into(), 1),
            (
                "server.connections_per_address_max",
                self.connections_per_address_max.into(),
                1,
            ),
            (
                "server.calls_per_address_per_second_max",
                self.calls_per_address_per_second_max.into(),
                1,
            ),
            (
                "server.first_request_seconds_max",
                self.first_request_seconds_max,
                1,
            ),
            ("server.idle_seconds_max", self.idle_seconds_max, 1),
        ]
    }
}
