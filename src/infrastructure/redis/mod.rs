//! State that instances share besides the store: updates and rate limits. Redis is never the source of truth. It may be
//! slow, unreachable or empty at any time, and no data is lost or wrong.
//!
//! To add to it: a port in `application/ports` that states the behaviour without Redis, and its implementation here,
//! on a clone of the one [`connection`] with its own time limit. Add a test that kills, hangs and empties the
//! server. Write every key with a lifetime. Give names that belong together a common part in braces, so that a Redis
//! Cluster keeps them on one node.

pub mod connection;
pub mod event_bus;
mod feed;
pub mod limits;
mod message;
