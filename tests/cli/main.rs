//! The program as a user runs it.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod arguments;
mod charsets;
mod chunk;
mod config;
mod linear;
mod logs;
mod memory;
mod pipes;
#[path = "../private/port.rs"]
mod port;
mod preview;
mod signals;
mod sources;
mod tables;
mod terminals;
mod tokens;
mod world;
