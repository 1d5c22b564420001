//! Partitions: the placement of documents, moves between partitions, and partition health.

pub mod health;
pub mod placement;
