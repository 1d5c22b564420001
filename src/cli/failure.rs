//! Which failures of calls pass by themselves.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;

/// What passes: broken connections and busy servers. A refusal does not.
const PASSING: [Code; 7] = [
    Code::Unavailable,
    Code::Unknown,
    Code::Internal,
    Code::Aborted,
    Code::Cancelled,
    Code::DeadlineExceeded,
    Code::ResourceExhausted,
];

/// Refusals that last although their codes pass. Two writers that take over from each other would never
/// end, only an operator changes a quota, a deleted document stays deleted, and a version that is gone or
/// an upload that has failed does not come back.
const LASTING: [&str; 6] = [
    "UPLOAD_SUPERSEDED",
    "QUOTA_EXCEEDED",
    "DOCUMENT_DELETED",
    "VERSION_GONE",
    "ETAG_MISMATCH",
    "FOLLOWED_UPLOAD_ENDED",
];

/// The reasons of a store that has no room, or is away itself.
const STORE: [&str; 2] = ["STORE_FULL", "STORE_UNAVAILABLE"];

/// Whether another try may do better.
pub(super) fn is_passing(status: &Status, connection: &Connection) -> bool {
    if let Some(unreached) = Unreached::of(status) {
        // A name that was known is so again once the resolver answers.
        let is_misspelled = unreached.is_unknown_host() && !connection.has_answered();
        return !unreached.is_mistake() && !is_misspelled;
    }
    let reason = reason(status);
    PASSING.contains(&status.code()) && !LASTING.contains(&reason.as_str())
}

/// Whether it is a fault of the server, which time alone may not mend.
fn is_fault(status: &Status) -> bool {
    let faults = [Code::Unknown, Code::Internal, Code::Aborted];
    Unreached::of(status).is_none() && faults.contains(&status.code())
}

/// Faults of a server in a row before it is given up: time alone may not mend them.
const FAULTS_MAX: u32 = 12;

/// Faults of a server in a row.
#[derive(Debug, Default)]
pub(super) struct Faults(u32);

impl Faults {
    /// Counts a failure. `true` means that there were too many faults; any other failure ends their row.
    pub(super) fn are_too_many_with(&mut self, status: &Status) -> bool {
        self.0 = if is_fault(status) { self.0 + 1 } else { 0 };
        self.0 >= FAULTS_MAX
    }
}

/// Whether it is likely to last a while: the server is away, or its store is away or has no room.
pub(super) fn is_outage(status: &Status) -> bool {
    match Unreached::of(status) {
        Some(unreached) => !unreached.is_lost(),
        None => STORE.contains(&reason(status).as_str()),
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map_or_else(String::new, |info| info.reason.clone())
}
