//! The chunks of a document: streamed by ranges and levels, one by one with their neighbors and parents, and their
//! outline.
//!
//! `stream` sends pages to a reader. `range` has the range of its request, `levels` makes the chunks of coarser levels
//! from those of the finest one, and `search` finds the chunk to start with. `chunk_context` reads a chunk with its
//! neighbors and parents, which `window` keeps below the size of a message. `sections` derives the outline.
//!
//! To add a way to read: a function of `stream::Chunks` in a file of its own, a test in `tests/service/ranges.rs` or
//! `levels.rs` that compares it with a plain computation over all chunks.

pub mod chunk_context;
pub mod levels;
pub mod range;
pub mod search;
pub mod sections;
pub mod stream;
mod window;
