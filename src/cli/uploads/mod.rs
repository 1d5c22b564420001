//! Uploads of documents: from the arguments to the committed versions.
//!
//! `sources` finds the files that the arguments name, and each is a `source`. `stored_document` compares it with the
//! stored one. `uploader` uploads it: `source_reader` reads the bytes, and `resumable_upload` sends them and resumes
//! after failures. `concurrency` bounds the documents at a time. `resume_records` lets the same command resume later,
//! and `open_uploads` prints that command after a signal. `outcome` sums up.

pub(super) mod concurrency;
mod open_uploads;
pub(super) mod outcome;
pub(super) mod resumable_upload;
mod resume_records;
pub(super) mod source;
pub(super) mod source_reader;
pub(super) mod sources;
pub(super) mod stored_document;
pub(super) mod uploader;
