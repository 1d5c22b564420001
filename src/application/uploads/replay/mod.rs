//! Bytes that a client sends again.
//!
//! [`stored_bytes`] skips and compares those that the server already has. [`repetition`] compares a whole upload that
//! has already succeeded.

pub mod repetition;
pub mod stored_bytes;
