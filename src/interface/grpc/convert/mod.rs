//! Conversions between protos and the types of the use cases, one file for each noun. Fields are named one by one, so
//! that none is forgotten.

pub mod audit;
pub mod chunk_ranges;
pub mod chunking;
pub mod content;
pub mod field_mask;
pub mod identity;
pub mod imports;
pub mod limits;
pub mod metadata;
pub mod partitions;
pub mod resources;
pub mod structure;
pub mod uploads;
