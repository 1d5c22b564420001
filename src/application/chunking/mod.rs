//! Chunking without a store: `ChunkStream`.

pub mod stream;
