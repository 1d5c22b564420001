//! Resources in JSON output: every field of the protos, one file per proto.
//!
//! Every function destructures its message without `..`, so that a new field does not compile until it is written.
//! Names are those of the protos, except these:
//!
//! - the `name` of a resource has the name of its kind, as `document`;
//! - a `Position` is written as one field per unit, as `start_byte`;
//! - a `ChunkStructure` is written as its fields;
//! - a `Duration` has its unit in its name, as `uptime_seconds`;
//! - a spec has its separators as lists, with `keep` beside them. Its enums are the words of the command line, and
//!   unset fields are left out.
//!
//! A chunk keeps its `name`. Digests are hexadecimal, times are RFC 3339, and enum values are words without their
//! prefix. Unset fields are null.

pub(super) mod admin;
pub(super) mod chunks;
pub(super) mod collections;
#[cfg(test)]
mod complete;
pub(super) mod documents;
pub(super) mod fields;
pub(super) mod limits;
pub(super) mod local_chunk;
pub(super) mod operations;
pub(super) mod partitions;
pub(super) mod spec;
pub(super) mod uploads;
