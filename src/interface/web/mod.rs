//! The web: a WebSocket for watchers, metrics and probes, and a page that says what this is.
//!
//! To add a path: its name in [`paths`], a handler in a file of its own, a route in
//! `interface/routes.rs`. To add a frame or a close code: [`frame`] or [`close`], and its row in
//! `docs/websocket.md`; a test compares the two.

pub mod answer;
pub mod close;
pub mod frame;
pub mod frames;
pub mod gateway;
pub mod page;
pub mod paths;
pub mod probes;
pub mod snapshot;
mod socket;

pub mod websocket;
