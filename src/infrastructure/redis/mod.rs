//! What instances share besides the store: news, and rates. Never the truth: Redis may be slow, gone or
//! empty at any time, and nothing is lost or wrong by that.
//!
//! To add to it: a port in `application/ports` that says what holds without Redis, its implementation
//! here over a clone of the one [`connection`] with a time limit of its own, and a test that kills,
//! hangs and empties the server. Every key is written with a lifetime; names that belong together
//! have a part in braces, so that a Redis Cluster keeps them on one node.

pub mod connection;
pub mod event_bus;
mod feed;
pub mod limits;
mod message;
