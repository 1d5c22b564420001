//! The web: a WebSocket for watchers, metrics and probes, and a page that describes the server.
//!
//! To add a path: its name in [`paths`], a handler in a file of its own, a route in
//! `interface/router.rs`. To add a frame or a close code: [`ws_message`] or [`close_code`], and its row in
//! `docs/websocket.md`; a test compares the two.

pub mod close_code;
pub mod encoded_states;
pub mod error_response;
pub mod operation_json;
pub mod page;
pub mod paths;
pub mod probes;
mod ws_connection;
pub mod ws_message;
mod ws_reconnect;
pub mod ws_shared;
pub mod ws_upgrade;
