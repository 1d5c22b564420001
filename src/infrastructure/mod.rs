//! Implements the ports of the application with files, databases, Redis and the clock.
//!
//! `bound`, `columns`, `rows` and `sql` are shared by the stores: tables and columns have the same names in each of
//! them.

mod bound;
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
mod sql;
pub mod sqlite;
pub mod system_clock;
