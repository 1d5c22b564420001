//! The paths that are served besides gRPC, all by GET and HEAD.

use axum::http::{HeaderMap, header};

/// The page that describes the server.
pub const PAGE: &str = "/";
/// The WebSocket of watchers.
pub const WEBSOCKET: &str = "/v1/ws";
/// Metrics for Prometheus.
pub const METRICS: &str = "/metrics";
/// The liveness probe.
pub const HEALTHZ: &str = "/healthz";
/// The readiness probe.
pub const READYZ: &str = "/readyz";
/// All paths.
pub const ALL: [&str; 5] = [PAGE, WEBSOCKET, METRICS, HEALTHZ, READYZ];
/// The sub-protocol of the WebSocket.
pub const PROTOCOL: &str = "sluice.v1";
/// The prefix of a sub-protocol that carries a credential: pages cannot send a header of their own.
const BEARER: &str = "sluice.bearer.";

/// Returns the credential among the sub-protocols that a client offers. `None` if there is none.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut offered = offered.split(',').map(str::trim);
    offered.find_map(|offered| offered.strip_prefix(BEARER))
}
