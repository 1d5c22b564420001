//! Converts entries of the audit log.

use crate::application::error::Error;
use crate::application::ports::audit::Wanted;
use crate::domain::audit::{Entry, Event};
use crate::domain::timestamp::Timestamp;
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::convert::resources::time;
use crate::interface::grpc::pb;
use crate::interface::grpc::resource_name;

/// The parent that stands for all tenants (AIP-159).
const ALL: &str = "tenants/-";
/// The first second of the year 10000 (RFC 3339 has four digits for the year).
const SECONDS_END: i64 = 253_402_300_800;

/// Converts an entry.
#[must_use]
pub fn entry(from: Entry) -> pb::AuditEvent {
    let Entry {
        chain,
        seq,
        event,
        hash,
    } = from;
    let Event {
        at,
        tenant,
        principal,
        source,
        method,
        target,
        result,
        count: times,
    } = event;
    let tenant = if tenant.is_empty() {
        tenant
    } else {
        format!("tenants/{tenant}")
    };
    pb::AuditEvent {
        chain: chain.to_string(),
        seq: count(seq),
        event_time: Some(time(at)),
        tenant,
        principal,
        source,
        method,
        target,
        result,
        count: count(times),
        sha256: hash.to_vec().into(),
    }
}

/// Converts the filter of a list of entries.
///
/// # Errors
///
/// Fails with the field that is wrong.
pub fn filter(
    parent: &str,
    start: Option<prost_types::Timestamp>,
    end: Option<prost_types::Timestamp>,
) -> Result<Wanted, Error> {
    let tenant = match parent {
        ALL => None,
        tenant => Some(resource_name::tenant("parent", tenant)?),
    };
    Ok(Wanted {
        tenant,
        since: start.map(|at| time_of("start_time", at)).transpose()?,
        until: end.map(|at| time_of("end_time", at)).transpose()?,
        behind: None,
    })
}

fn time_of(field: &'static str, at: prost_types::Timestamp) -> Result<Timestamp, Error> {
    let is_time = (0..SECONDS_END).contains(&at.seconds) && (0..1_000_000_000).contains(&at.nanos);
    if !is_time {
        return Err(Error::invalid(field, "must be a time from 1970 to 9999"));
    }
    let micros = at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000;
    Ok(Timestamp::from_micros(micros))
}
