//! Tenants, keys, the audit log and the server.

use serde_json::{Value, json};

use crate::cli::json::fields::{digest, object, time, word};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of a tenant.
pub(crate) fn tenant(tenant: pb::Tenant) -> Object {
    let pb::Tenant {
        name,
        disabled,
        create_time,
        quotas,
        usage,
    } = tenant;
    object([
        ("tenant", json!(name)),
        ("disabled", json!(disabled)),
        ("create_time", time(create_time)),
        ("quotas", self::quotas(quotas.unwrap_or_default()).into()),
        (
            "usage",
            usage.map_or(Value::Null, |usage| self::usage(usage).into()),
        ),
    ])
}

/// Returns the fields of a tenant's quotas.
pub(super) fn quotas(quotas: pb::Quotas) -> Object {
    let pb::Quotas {
        documents,
        bytes,
        uploads,
    } = quotas;
    object([
        ("documents", json!(documents)),
        ("bytes", json!(bytes)),
        ("uploads", json!(uploads)),
    ])
}

/// Returns the fields of a tenant's usage.
pub(super) fn usage(usage: pb::Usage) -> Object {
    let pb::Usage {
        documents,
        bytes,
        uploads,
    } = usage;
    object([
        ("documents", json!(documents)),
        ("bytes", json!(bytes)),
        ("uploads", json!(uploads)),
    ])
}

/// Returns the fields of a key. `shows` identifies it for people: its prefix, or the digest of its certificate.
pub(crate) fn key(key: pb::ApiKey) -> Object {
    let role = key.role();
    let pb::ApiKey {
        name,
        principal,
        role: _,
        prefix,
        certificate_sha256,
        create_time,
        expire_time,
        revoke_time,
    } = key;
    let certificate_sha256 = digest(&certificate_sha256);
    let shows = if certificate_sha256.is_null() {
        json!(prefix)
    } else {
        certificate_sha256.clone()
    };
    object([
        ("key", json!(name)),
        ("principal", json!(principal)),
        ("role", word(role.as_str_name(), "ROLE_")),
        ("shows", shows),
        ("prefix", json!(prefix)),
        ("certificate_sha256", certificate_sha256),
        ("create_time", time(create_time)),
        ("expire_time", time(expire_time)),
        ("revoke_time", time(revoke_time)),
    ])
}

/// Returns the fields of an entry of the audit log.
pub(crate) fn audit_event(event: pb::AuditEvent) -> Object {
    let pb::AuditEvent {
        chain,
        seq,
        event_time,
        tenant,
        principal,
        source,
        method,
        target,
        result,
        count,
        sha256,
    } = event;
    object([
        ("chain", json!(chain)),
        ("seq", json!(seq)),
        ("event_time", time(event_time)),
        ("tenant", json!(tenant)),
        ("principal", json!(principal)),
        ("source", json!(source)),
        ("method", json!(method)),
        ("target", json!(target)),
        ("result", json!(result)),
        ("count", json!(count)),
        ("sha256", digest(&sha256)),
    ])
}

/// Returns the fields of a server.
pub(crate) fn server(info: pb::GetServerInfoResponse) -> Object {
    let store = info.store();
    let pb::GetServerInfoResponse {
        version,
        engine_version,
        store: _,
        start_time,
        uptime,
        source_bytes_max,
        memory_bytes_max,
        content_bytes_max,
    } = info;
    object([
        ("version", json!(version)),
        ("engine_version", json!(engine_version)),
        ("store", word(store.as_str_name(), "STORE_")),
        ("start_time", time(start_time)),
        ("uptime_seconds", json!(uptime.map(|uptime| uptime.seconds))),
        ("source_bytes_max", json!(source_bytes_max)),
        ("memory_bytes_max", json!(memory_bytes_max)),
        ("content_bytes_max", json!(content_bytes_max)),
    ])
}
