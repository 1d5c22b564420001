//! Operations: the state of an upload, an import, a rechunk or a deletion.
//!
//! `lifecycle` lists and cancels, `watch` follows one operation, `watch_all` follows all operations of a tenant.

pub mod lifecycle;
pub mod watch;
pub mod watch_all;
