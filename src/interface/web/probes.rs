//! Metrics and probes, for programs on this machine.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::application::error::Error;
use crate::application::readiness::Readiness;
use crate::interface::transport::peer::Peer;
use crate::interface::web::error_response;

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The state behind metrics and probes.
pub struct Probes {
    /// Checks whether the instance can serve.
    pub readiness: Readiness,
    /// Returns all metrics as text.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Probes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Probes").finish_non_exhaustive()
    }
}

/// Returns all metrics as text.
pub async fn metrics(
    State(probes): State<Arc<Probes>>,
    Extension(peer): Extension<Arc<Peer>>,
) -> Response {
    if let Some(refused) = refused(&peer) {
        return refused;
    }
    ([(header::CONTENT_TYPE, TEXT)], (probes.metrics)()).into_response()
}

/// Answers that the process is alive. It does not check the store: a restart would not bring the store back.
pub async fn healthz(Extension(peer): Extension<Arc<Peer>>) -> Response {
    refused(&peer).unwrap_or_else(|| "ok\n".into_response())
}

/// Answers whether requests should be sent to this instance.
pub async fn readyz(
    State(probes): State<Arc<Probes>>,
    Extension(peer): Extension<Arc<Peer>>,
) -> Response {
    if let Some(refused) = refused(&peer) {
        return refused;
    }
    match probes.readiness.check().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => error_response::of(&error),
    }
}

/// Returns the refusal of other machines: the same answer as for a path that does not exist. `None` for this machine.
fn refused(peer: &Peer) -> Option<Response> {
    let is_elsewhere = !peer.address.ip().to_canonical().is_loopback();
    is_elsewhere.then(|| error_response::of(&Error::NotFound { kind: "page" }))
}
