//! The domain of Sluice, without any I/O: text, chunks and the ingest of a document.
//!
//! # Glossary
//!
//! The same word means the same thing in code, on the wire, in the store, in logs and in docs.
//!
//! - *source*: the bytes of a document as they were sent.
//! - *text*: the decoded source. Every offset but `source` counts in it.
//! - *character*: a Unicode scalar value. *Grapheme cluster*: a character as a reader perceives it (UAX #29).
//! - *boundary*: a place between two grapheme clusters where a strategy may cut.
//! - *separator*: a string after which `recursive` may cut.
//! - *chunk*: a run of the text. *Span*: the place where it starts and the place where it ends. *Ordinal*: its number
//!   from 0.
//! - *block*: a paragraph, heading, list, table or the like of a format. *Mark*: the place where a block begins.
//!   *Rank*: how good it is to cut there; the lowest is the best.
//! - *section*: the text from a heading to the next one. *Context*: the headings that a chunk is under, and the
//!   introduction of a cut block.
//! - *key*: the identity of a chunk's text and context.
//! - *offset*: a number of units before a place, from 0.
//! - *overlap*: the end of a chunk that the next one repeats.
//! - *measure*: the unit of sizes: characters, bytes or words.
//! - *packing*: the choice between several equal boundaries.
//! - *horizon*: the text after a chunk's start that alone decides where the chunk ends.
//! - *partition*: one of the 100 places for chunks; all chunks of a document are in one. *Candidates*: the two that its
//!   uid allows. *Move*: the transfer of a document from one to the other.
//! - *balance*: how evenly chunks are spread over partitions.
//! - *budget*: the units of a *rate limit* that a caller has. GCRA computes it from a rate and a *burst*, the units
//!   that may be used at once.
//! - *concurrency limit*: the most *slots*, such as sockets or uploads, that a caller may hold at once.
//! - *permit*: the right to use a part of a resource of this instance, such as memory, until it is dropped.
//! - *backpressure*: the delay of a sender until its receiver has space.
//! - *rechunk*: another chunking of a document's stored text, into a new version.
//! - *import*: a file under the server's import root that becomes a document. *Path name*: the path of the file below
//!   that root.
//! - *tenant*: an owner of data that no other tenant sees. *Principal*: a caller within a tenant. *Role*: the methods
//!   that it may call.
//! - *token*: a signed credential of an issuer (JWT). *Session*: the calls and sockets of an accepted credential.
//! - *quota*: the most that a tenant may store of a quantity.
//! - *audit log*: the events with their callers and results. *Entry*: an event in a *chain* of hashes. *Head*: the
//!   newest entry of a chain.
//! - *batch*: chunks that are stored in one *commit*, with the *checkpoint* from which the ingest then resumes.
//! - *flush*: the closing of a batch or buffer that is not full.
//! - *epoch*: a number that increases with each writer of an upload, so that earlier writers are refused.
//! - *lease*: the temporary right of one instance to run the jobs. *Fence*: its number, which each step checks.
//! - *cursor*: a position from which a stream or a copy resumes. *Page token*: the same for a list, in a sealed form.
//! - *watermark*: the time up to which a watcher counts ended operations as sent.
//!
//! One term stands for each of these actions:
//!
//! - resume, not `go on with`
//! - send, notify or report, not `tell`
//! - receive, not `hear`
//! - check, poll or look up, not `look whether`
//! - reject or refuse, not `send away`
//! - authenticate or admit, not `let in`
//! - disconnect, not `cut off`
//! - throttle, not `hear less often`
//! - expire or remove, not `forget` or `let go`
//! - retain, not `keep for so long`
//! - "`None` means that", not `none:`
//! - client, caller, instance, reader, watcher or server, not `who`, `whoever` or `nobody`
//! - a noun with its unit, not `what`, `so many` or `so long`

pub mod audit;
pub mod chunking;
pub mod identity;
pub mod ingest;
pub mod limits;
pub mod names;
pub mod operation;
pub mod partitions;
pub mod structure;
pub mod text;
pub mod timestamp;
