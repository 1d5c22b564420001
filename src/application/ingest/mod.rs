//! The ingest of an upload, from messages to commits. Read [`pipeline`] first.

pub mod budget;
pub mod pipeline;
