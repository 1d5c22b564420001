//! What is served besides gRPC, all by GET and HEAD.

use axum::http::{HeaderMap, header};

/// The page that says what this is.
pub const PAGE: &str = "/";
/// The WebSocket of watchers.
pub const WEBSOCKET: &str = "/v1/ws";
/// Metrics for Prometheus.
pub const METRICS: &str = "/metrics";
/// Whether the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Whether it can serve.
pub const READYZ: &str = "/readyz";
/// All of them.
pub const ALL: [&str; 5] = [PAGE, WEBSOCKET, METRICS, HEALTHZ, READYZ];
/// The sub-protocol of the WebSocket.
pub const PROTOCOL: &str = "sluice.v1";
/// What a sub-protocol begins with that is a credential: pages can send no header of their own.
const BEARER: &str = "sluice.bearer.";

/// The credential among the sub-protocols that a client offers.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut offered = offered.split(',').map(str::trim);
    offered.find_map(|offered| offered.strip_prefix(BEARER))
}
