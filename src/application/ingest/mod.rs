//! The ingest of an upload, from messages to commits. Read [`pipeline`] first.

pub mod bounds;
pub mod commits;
pub mod flush_timer;
pub mod known;
pub mod outside;
pub mod pace;
pub mod pipeline;
pub mod repetition;
pub mod write;
