//! The ingest of a document, from bytes to batches of chunks.
//!
//! The [`engine`] feeds the splitter, gathers its chunks in a [`batch`], and closes each batch with the
//! [`checkpoint`] that is valid after it. The engine returns steps, and its caller acts on them; the engine does no
//! I/O and never waits. [`recovery`] rebuilds the source from stored chunks, for another chunking.

pub mod batch;
pub mod checkpoint;
pub mod digest;
pub mod engine;
pub mod parents;
pub mod preferences;
pub mod recovery;
pub mod suspended_parents;
