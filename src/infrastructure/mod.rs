//! What the ports need, done with the outside world.
//!
//! `columns` and `rows` are what the stores share: a row's columns have the same names in each.

pub mod certificates;
pub mod cgroup_memory;
mod columns;
pub mod import_root;
pub mod jwt_verifier;
mod migrations;
pub mod postgres;
pub mod redis;
pub mod reloading_files;
mod rows;
pub mod sqlite;
pub mod system_clock;
