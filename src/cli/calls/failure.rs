//! Failed calls: transient ones are retried, the others are final.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;

/// Status codes of transient failures: broken connections and busy servers.
const PASSING: [Code; 7] = [
    Code::Unavailable,
    Code::Unknown,
    Code::Internal,
    Code::Aborted,
    Code::Cancelled,
    Code::DeadlineExceeded,
    Code::ResourceExhausted,
];

/// Reasons that are final although their codes are transient. Two writers that supersede each other would never stop.
/// Only an operator changes a quota. A deleted document, a removed version or a failed upload does not come back.
const LASTING: [&str; 7] = [
    "UPLOAD_SUPERSEDED",
    "QUOTA_EXCEEDED",
    "DOCUMENT_DELETED",
    "VERSION_GONE",
    "METADATA_CHANGED",
    "ETAG_MISMATCH",
    "FOLLOWED_UPLOAD_ENDED",
];

/// Reasons of a store that is full or unavailable.
const STORE: [&str; 2] = ["STORE_FULL", "STORE_UNAVAILABLE"];

/// Whether another attempt may succeed.
pub(crate) fn is_passing(status: &Status, connection: &Connection) -> bool {
    if let Some(unreached) = Unreached::of(status) {
        // A name that resolved before resolves again once the resolver answers.
        let is_misspelled = unreached.is_unknown_host() && !connection.has_answered();
        return !unreached.is_mistake() && !is_misspelled;
    }
    let reason = reason(status);
    PASSING.contains(&status.code()) && !LASTING.contains(&reason.as_str())
}

/// Whether the failure is a fault of the server, which may persist.
fn is_fault(status: &Status) -> bool {
    let faults = [Code::Unknown, Code::Internal, Code::Aborted];
    Unreached::of(status).is_none() && faults.contains(&status.code())
}

/// Consecutive faults of a server after which the client gives up, because they may persist.
const FAULTS_MAX: u32 = 12;

/// The number of consecutive faults of a server.
#[derive(Debug, Default)]
pub(crate) struct Faults(u32);

impl Faults {
    /// Counts a failure. Returns `true` after too many faults. Any other failure resets the count.
    pub(crate) fn are_too_many_with(&mut self, status: &Status) -> bool {
        self.0 = if is_fault(status) { self.0 + 1 } else { 0 };
        self.0 >= FAULTS_MAX
    }
}

/// Whether the failure is likely to last: the server cannot be reached, or its store is unavailable or full.
pub(crate) fn is_outage(status: &Status) -> bool {
    match Unreached::of(status) {
        Some(unreached) => !unreached.is_lost(),
        None => STORE.contains(&reason(status).as_str()),
    }
}

/// Returns the reason of a failure, or an empty text if the server gave none.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map_or_else(String::new, |info| info.reason.clone())
}
