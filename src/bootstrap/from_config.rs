//! Converts settings to the types of their users.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use tokio::net::TcpListener;

use crate::application::auth::authenticator::Authenticator;
use crate::application::maintenance::runner::Retention;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::pressure::Pressure;
use crate::application::ports::clock::Clock;
use crate::application::ports::store::Store;
use crate::application::ports::token_verifier::Bearer;
use crate::application::uploads::limits::UploadLimits;
use crate::config::Config;
use crate::config::sections::server::Server;
use crate::config::sections::uploads::MEMORY_BYTES_MIN;
use crate::interface::middleware::origin::AllowedOrigins;
use crate::interface::server::ServerSettings;
use crate::interface::transport::connection_limits::{ConnectionLimits, PerAddress};
use crate::interface::transport::idle_timeout;
use crate::interface::transport::tls;

pub(super) fn authenticator(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    config: &Config,
    tokens: Option<Arc<dyn Bearer>>,
) -> Option<Arc<Authenticator>> {
    config.has_identity().then(|| {
        let store = Arc::clone(store);
        let clock = Arc::clone(clock);
        let authenticator = Authenticator::new(store, clock, tokens, config.identity.api_keys);
        Arc::new(authenticator)
    })
}

pub(super) fn allowed(config: &Config) -> AllowedOrigins {
    let is_open = config.has_identity() || config.insecure_no_auth;
    let takes_any = config.hosts.is_empty() && is_open;
    let origins = config.web.origins.iter();
    AllowedOrigins {
        hosts: (!takes_any).then(|| {
            let named = config.listen.name().map(str::to_owned);
            config.hosts.iter().cloned().chain(named).collect()
        }),
        // All origins are valid, because the configuration was checked.
        origins: origins
            .filter_map(|origin| HeaderValue::try_from(origin).ok())
            .collect(),
        is_https: config.tls.is_on() || config.tls.behind_proxy,
    }
}

/// Returns the settings with the detected memory limit. Uploads hold at most a quarter of it: their connections hold
/// as much again before the server can read it, and the program needs the rest.
pub(super) fn fitted(config: &Config, memory_bytes_max: Option<u64>) -> Config {
    let mut fitted = config.clone();
    fitted.server.memory_bytes_max = memory_bytes_max.unwrap_or_default();
    let quarter = memory_bytes_max.map(|most| usize::try_from(most / 4).unwrap_or(usize::MAX));
    if let Some(quarter) = quarter.filter(|quarter| *quarter < config.uploads.memory_bytes_max) {
        let bytes = quarter.max(MEMORY_BYTES_MIN);
        tracing::warn!(
            bytes,
            "uploads.memory_bytes_max lowered to fit available memory"
        );
        fitted.uploads.memory_bytes_max = bytes;
    }
    fitted
}

pub(super) fn server_settings(
    config: &Config,
    listeners: Vec<TcpListener>,
    tls: Option<tls::Settings>,
    pressure: Pressure,
) -> ServerSettings {
    let Server {
        connections_max,
        connections_per_address_max,
        calls_per_address_per_second_max,
        first_request_seconds_max,
        idle_seconds_max,
        ..
    } = config.server;
    ServerSettings {
        listeners,
        tls,
        connections: ConnectionLimits::new(
            connections_max as usize,
            PerAddress {
                connections_max: connections_per_address_max,
                calls_per_second_max: calls_per_address_per_second_max,
            },
        ),
        idle_timeouts: idle_timeout::IdleTimeouts {
            first_request_max: Duration::from_secs(first_request_seconds_max),
            idle_max: Duration::from_secs(idle_seconds_max),
        },
        pressure,
    }
}

pub(super) fn bounds(config: &Config) -> UploadLimits {
    let from = &config.uploads;
    UploadLimits {
        source_bytes_max: from.source_bytes_max,
        memory_bytes_max: from.memory_bytes_max,
        waiting_bytes_max: waiting_bytes_max(config),
        memory_wait_max: Duration::from_secs(from.memory_wait_seconds_max),
        idle_max: Duration::from_secs(from.idle_seconds_max),
        rate_bytes_min: from.rate_bytes_min,
        rate_window: Duration::from_secs(from.rate_window_seconds),
        slow_reader_max: Duration::from_secs(from.slow_reader_seconds_max),
        old_version_kept: Duration::from_secs(config.retention.old_version_seconds),
    }
}

/// Returns the memory of uploads, streams and previews.
pub(super) fn budget(bounds: &UploadLimits) -> MemoryBudget {
    MemoryBudget::new(
        bounds.memory_bytes_max,
        bounds.waiting_bytes_max,
        bounds.memory_wait_max,
    )
}

/// Returns the limit for messages of uploads that wait to work: twice the memory of uploads, or a quarter of a
/// limited memory if that is less. Two hundred slow uploads whose messages end at once must fit.
fn waiting_bytes_max(config: &Config) -> usize {
    let most = config.uploads.memory_bytes_max.saturating_mul(2);
    match config.server.memory_bytes_max {
        0 => most,
        limit => most.min(usize::try_from(limit / 4).unwrap_or(usize::MAX)),
    }
}

pub(super) fn retention(config: &Config) -> Retention {
    let from = &config.retention;
    Retention {
        old_versions: Duration::from_secs(from.old_version_seconds),
        open_uploads: Duration::from_secs(from.open_upload_seconds),
        operations: Duration::from_secs(from.operation_seconds),
        sweep_every: Duration::from_secs(from.sweep_every_seconds),
    }
}
