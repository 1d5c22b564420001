//! What Sluice is about, without any I/O: text, chunks and the ingest of a document.
//!
//! # Glossary
//!
//! The same word means the same thing in code, on the wire, in the store, in logs and in docs.
//!
//! - *source*: the bytes of a document as they were sent.
//! - *text*: what the source decodes to; every offset but `source` counts in it.
//! - *character*: a Unicode scalar value. *Grapheme cluster*: what a reader sees as one character
//!   (UAX #29).
//! - *boundary*: a place between two grapheme clusters where a strategy may cut.
//! - *separator*: a string after which `recursive` may cut.
//! - *chunk*: a run of the text, with the *span* that it covers. *Ordinal*: its number from 0.
//! - *overlap*: the end of a chunk that the next one repeats.
//! - *measure*: the unit of sizes: characters, bytes or words.
//! - *packing*: which of several equal boundaries is taken.
//! - *horizon*: the text after a chunk's start that alone decides where the chunk ends.
//! - *partition*: one of the 100 places for chunks; all of a document are in one. *Candidates*: the two
//!   that its uid decides. *Move*: taking it from one to the other.
//! - *balance*: how evenly chunks are spread over partitions.
//! - *GCRA*: the rule that budgets follow: a rate has a *burst*, what may pass at once.
//! - *place*: the right to have one more of something that lasts open at once, such as a socket.
//! - *rechunk*: another chunking of a document's stored text, into a new version.
//! - *import*: a file under the server's import root that becomes a document; its *path name* says where
//!   below the root it is.
//! - *tenant*: who sees its own data and nothing else. *Principal*: who asks, within a tenant. *Role*:
//!   what it may do.
//! - *quota*: the most that a tenant may keep of something.
//! - *audit log*: who did what. *Entry*: an event in a *chain* of hashes; its newest is the *head*.
//! - *batch*: chunks that are stored in one commit, with the *checkpoint* that is true after it.

pub mod audit;
pub mod chunking;
pub mod identity;
pub mod ingest;
pub mod limits;
pub mod names;
pub mod partitions;
pub mod text;
