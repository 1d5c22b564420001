//! Collections, documents and chunks: reading, changing and comparing them.
//!
//! To add a use case: a function in the noun's file, a port method with its duties, a case in `tests/contract`.

pub mod change_event;
pub mod changes;
pub mod chunk_neighbors;
pub mod chunk_range;
pub mod chunks;
pub mod collections;
pub mod default_collection;
pub mod documents;
mod follower_cursor;
pub mod imports;
pub mod relocation;
pub mod sections;
mod version_contents;
pub mod version_diff;
