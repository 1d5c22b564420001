//! The ingest of a document: bytes in, steps out.
//!
//! The [`machine`] feeds the splitter, gathers its chunks in a [`batch`] and closes each with a
//! [`checkpoint`] that is true after it. The machine asks, its caller acts: it does no I/O and waits
//! for nothing. [`recovery`] makes the source of stored chunks again, for another chunking.

pub mod batch;
pub mod checkpoint;
pub mod digest;
pub mod machine;
pub mod recovery;
