//! The ingest of a document: bytes in, steps out.
//!
//! The [`engine`] feeds the splitter, gathers its chunks in a [`batch`] and closes each with a
//! [`checkpoint`] that is true after it. The engine asks, its caller acts: it does no I/O and waits
//! for nothing. [`recovery`] makes the source of stored chunks again, for another chunking.

pub mod batch;
pub mod checkpoint;
pub mod digest;
pub mod engine;
pub mod recovery;
