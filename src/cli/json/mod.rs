//! Resources as JSON output has them: every field of the protos, a file for each proto.
//!
//! Every function takes its message apart without `..`, so that a new field does not compile until it is
//! written. Names are those of the protos, but for these:
//!
//! - the `name` of a resource stands under its kind, as `document`;
//! - a `Position` is written as a field for each unit, as `start_byte`;
//! - a `Duration` has its unit in its name, as `uptime_seconds`;
//! - a spec has its separators as lists, and their `keep` beside them. Its enums are the words of the command line, and
//!   fields that are not set are left out.
//!
//! A chunk keeps its `name`. Digests are hexadecimal, times RFC 3339, values of enums words without their prefix, and what
//! is not set is null.

pub(super) mod admin;
pub(super) mod chunks;
pub(super) mod collections;
#[cfg(test)]
mod complete;
pub(super) mod documents;
pub(super) mod fields;
pub(super) mod limits;
pub(super) mod operations;
pub(super) mod partitions;
pub(super) mod spec;
pub(super) mod uploads;
