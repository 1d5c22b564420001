//! Authentication: from a credential to a caller, and the end of a revoked session.
//!
//! `authenticator` turns a credential into a caller and caches the result in `ttl_cache`. `sessions` tracks the
//! credential behind each open stream; `revocation` checks them at an interval, and closes the streams of those that
//! were revoked.
//!
//! To add a kind of credential: its form in `credential`, its check in `authenticator`, its row in SECURITY.md.

pub mod api_key;
pub mod authenticator;
pub mod credential;
pub mod revocation;
pub mod sessions;
pub mod ttl_cache;
