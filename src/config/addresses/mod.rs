//! Addresses: those to listen on, those of other machines, and the place of the store.
//!
//! [`host_port`] parses a host with a port, [`listen`] completes the address to listen on, and [`store_url`] parses the
//! place of a database, a file or a Redis.

pub mod host_port;
pub mod listen;
pub mod store_url;
