//! Calls to a server: retries, streams that resume, and statuses as messages.
//!
//! `failure` decides whether an error is transient. `retry` repeats a call after a `backoff`, and `resumed_stream`
//! opens a lost stream again. `operation_watch` follows an operation to its end, and `wait` prints its result.
//! `status` turns a status into a message.
//!
//! To add a message for a status: an arm in `status`, with the remedy.

mod backoff;
pub(super) mod document_update;
mod failure;
pub(super) mod operation_watch;
pub(super) mod resumed_stream;
pub(super) mod retry;
pub(super) mod status;
pub(super) mod wait;
