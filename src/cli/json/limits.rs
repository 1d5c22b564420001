//! Limits.

use serde_json::json;

use crate::cli::json::fields::{milliseconds, object};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of a limit's usage.
pub(crate) fn usage(usage: pb::LimitUsage) -> Object {
    let pb::LimitUsage {
        principal,
        limit,
        used,
        most,
        per_second,
        full_after,
    } = usage;
    object([
        ("principal", json!(principal)),
        ("limit", json!(limit)),
        ("used", json!(used)),
        ("most", json!(most)),
        ("per_second", json!(per_second)),
        ("full_after_ms", milliseconds(full_after)),
    ])
}
