//! Chunking without a store: `ChunkStream`, and the comparison of strategies.

pub mod comparison;
pub mod stream;
