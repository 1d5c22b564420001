//! Collections, documents and chunks: reading, changing and comparing them.
//!
//! To add a use case: a function in the noun's file, a port method with its duties, a case in `tests/contract`.

pub mod changes;
pub mod chunks;
pub mod collections;
pub mod default_collection;
pub mod documents;
pub mod imports;
pub mod relocation;
