//! Implements the ports of the application with files, databases, Redis and the clock.
//!
//! `bind_values`, `columns`, `rows` and `common_statements` are shared by the stores: tables and columns have the same
//! names in each of them.

mod bind_values;
pub mod certificates;
pub mod cgroup_memory;
mod columns;
mod common_statements;
pub mod import_root;
pub mod jwt_verifier;
mod migrations;
pub mod postgres;
pub mod redis;
pub mod reloading_files;
mod rows;
pub mod sqlite;
pub mod system_clock;
pub mod tokenizers;
