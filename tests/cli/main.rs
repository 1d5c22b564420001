//! The program as a user runs it.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod charsets;
mod chunk;
mod config;
mod linear;
mod logs;
mod memory;
mod signals;
mod sources;
mod world;
