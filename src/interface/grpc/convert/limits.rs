//! Converts the usage of limits.

use crate::application::rate_limit::limiter::Backend;
use crate::application::rate_limit::usage::{Status, Usage};
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::pb;

/// Converts the usage of limits of a tenant.
#[must_use]
pub fn status(from: Status) -> pb::GetLimitsStatusResponse {
    let Status {
        backend,
        instances,
        usages,
    } = from;
    let backend = match backend {
        Backend::Shared => pb::get_limits_status_response::Backend::Shared,
        Backend::Apart => pb::get_limits_status_response::Backend::Apart,
        Backend::Alone => pb::get_limits_status_response::Backend::Alone,
    };
    pb::GetLimitsStatusResponse {
        backend: backend.into(),
        instances: i32::try_from(instances).unwrap_or(i32::MAX),
        usages: usages.into_iter().map(usage).collect(),
    }
}

fn usage(from: Usage) -> pb::LimitUsage {
    let Usage {
        principal,
        limit,
        used,
        most,
        refill,
    } = from;
    let full_after = refill.map(|refill| refill.full_after);
    pb::LimitUsage {
        principal,
        limit: limit.to_owned(),
        used: count(used),
        most: count(most),
        per_second: refill.map(|refill| refill.per_second),
        // At most some years, so the conversion succeeds.
        full_after: full_after.and_then(|after| after.try_into().ok()),
    }
}
