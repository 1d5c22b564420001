//! The connection to a server, and the messages for its faults.
//!
//! ```text
//! --server ──▶ address ──▶ connector ──▶ opening ──▶ channel ──▶ calls
//!              parsed      TCP, then     the first   sends the key; each fault becomes
//!                          trust (TLS)   byte        a status that an `Unreached` explains
//! ```
//!
//! To add a cause: a variant of `unreached::Why` with its message and its remedy, and the place that detects it.

pub(super) mod address;
pub(super) mod channel;
pub(super) mod connector;
pub(super) mod credential;
pub(super) mod opening;
pub(super) mod trust;
pub(super) mod unreached;
