//! Adapters of the application's ports.

pub mod sqlite;
pub mod system;
