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

/// What is known of the instance.
pub struct Probes {
    /// Whether it can serve.
    pub readiness: Readiness,
    /// All metrics as text.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Probes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Probes").finish_non_exhaustive()
    }
}

/// All metrics.
pub async fn metrics(
    State(probes): State<Arc<Probes>>,
    Extension(peer): Extension<Arc<Peer>>,
) -> Response {
    if let Some(refused) = refused(&peer) {
        return refused;
    }
    ([(header::CONTENT_TYPE, TEXT)], (probes.metrics)()).into_response()
}

/// Whether the process lives: whoever answers does. A store that is away would not come back by
/// restarting this.
pub async fn healthz(Extension(peer): Extension<Arc<Peer>>) -> Response {
    refused(&peer).unwrap_or_else(|| "ok\n".into_response())
}

/// Whether requests should be sent here.
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

/// The answer to other machines: as if there were nothing.
fn refused(peer: &Peer) -> Option<Response> {
    let is_elsewhere = !peer.address.ip().to_canonical().is_loopback();
    is_elsewhere.then(|| error_response::of(&Error::NotFound { kind: "page" }))
}
