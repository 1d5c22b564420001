//! Connections: accepted sockets, TLS, limits for each address, idle timeouts and the read throttle.
//!
//! Threat: one address floods the port with small HTTP/2 frames (pings, settings, resets, headers), which cost processor
//! time before any request exists. Nothing in HTTP/2 bounds them. So `frame_cost` charges each frame to its address,
//! `read_budget` keeps the budget of an address, and `throttled_stream` delays reads while the address is over budget.
//! Alternative: a proxy with such limits in front; all its clients then share one address here.
//!
//! To add a limit for connections: a counter in `connection_limits`, its setting in `config/sections/server.rs`, its row in
//! SECURITY.md.

pub mod connection;
pub mod connection_limits;
pub mod frame_cost;
pub mod idle_timeout;
pub mod peer;
pub mod read_budget;
pub mod throttled_stream;
pub mod tls;
