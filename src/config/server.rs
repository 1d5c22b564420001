//! How many connections there may be, how long they may be unused, and how much memory there is.

use serde::{Deserialize, Serialize};

/// What the server itself may take.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// How many connections there may be, from 1.
    pub connections_max: u32,
    /// How many from one address, from 1; behind a proxy all have the proxy's.
    pub connections_per_address_max: u32,
    /// Some so many calls an address may make a second, on all its connections, from 1, and a tenth of them at
    /// once; more than 100,000 are taken for that. A connection counts as two calls (with TLS as five), headers
    /// that go on in another frame as one more, and so do ten other frames of HTTP/2 (pings, settings, content
    /// below 1 KiB) or 160 bytes of HTTP/1; what is more waits unread. Behind a proxy all share the proxy's.
    pub calls_per_address_per_second_max: u32,
    /// How long a connection may be there before its first request, from 1.
    pub first_request_seconds_max: u64,
    /// How long it may be unused afterwards, from 1.
    pub idle_seconds_max: u64,
    /// How much memory the process may have before it refuses calls; 0: what its control group may have, if
    /// that is limited.
    pub memory_bytes_max: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            // Below the usual limit of open files, 20,000, with those of the store.
            connections_max: 15_000,
            // A browser has 6, a program a few; a flood from one host leaves room for 14 others.
            connections_per_address_max: 1_024,
            // What one principal may read.
            calls_per_address_per_second_max: 5_000,
            first_request_seconds_max: 10,
            idle_seconds_max: 300,
            memory_bytes_max: 0,
        }
    }
}

impl Server {
    /// Numbers that must not be 0.
    pub(super) fn least(self) -> [(&'static str, u64, u64); 5] {
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
