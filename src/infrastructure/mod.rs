//! What the ports need, done with the outside world.
//!
//! `columns` and `rows` are what the stores share: a row's columns have the same names in each.

pub mod certificates;
mod columns;
pub mod import_root;
pub mod issuer;
pub mod memory;
pub mod postgres;
pub mod redis;
mod rows;
mod schema;
pub mod sqlite;
pub mod system;
pub mod watched;
