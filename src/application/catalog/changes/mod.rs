//! The changes of a collection, as its followers receive them.
//!
//! `follower` sends change by change, from the position in a cursor (`follower_cursor`). `version_diff` sends a version
//! as the difference to the one before, whose contents are in `version_contents`. `diff_context` has the store and the
//! levels of both, `change_event` the events.
//!
//! To add an event: a variant in `change_event`, its message in `chunks.proto`, its order in the comment of `Change`
//! there, and a follower in `tests/service` that applies it.

pub mod change_event;
mod diff_context;
pub mod follower;
mod follower_cursor;
mod version_contents;
mod version_diff;
