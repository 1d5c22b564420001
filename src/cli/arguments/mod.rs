//! Arguments that several commands share.
//!
//! `client` selects the server and the credential, `common` also the format of a table. `spec` has chunking and
//! decoding, `label` the labels of a document.
//!
//! To add an argument of one command only: a field in the command's own file.

pub(super) mod client;
pub(super) mod common;
pub(super) mod label;
pub(super) mod spec;
