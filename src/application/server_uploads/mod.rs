//! Uploads whose bytes the server has: imports read a file, rechunks read a stored version.
//!
//! `worker` runs them one by one under a lease, through the same pipeline as a client's upload.
//!
//! To add a kind: a [`source::SourceProvider`] that lists pending work and opens a reader, and its entry in
//! `bootstrap/wiring.rs`.

pub mod import_source;
pub mod rechunk_source;
pub mod source;
pub mod worker;
