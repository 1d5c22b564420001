//! What is served besides gRPC, all by GET.

/// The WebSocket of watchers.
pub const WEBSOCKET: &str = "/v1/ws";
/// Metrics for Prometheus.
pub const METRICS: &str = "/metrics";
/// Whether the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Whether it can serve.
pub const READYZ: &str = "/readyz";
/// All of them.
pub const ALL: [&str; 4] = [WEBSOCKET, METRICS, HEALTHZ, READYZ];
