//! Implements the ports of the application with files, databases, Redis and the clock.
//!
//! `columns` and `rows` are shared by the stores: a row's columns have the same names in each of them.

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
