//! The ingest of an upload, from messages to commits. Read [`pipeline`] first.

pub mod bounds;
pub mod budget;
pub mod pace;
pub mod pipeline;
