//! The sections of the settings, one per file: the fields, their defaults and their least values.
//!
//! To add a section: its file, a field of [`Config`](super::Config), its `least` in [`Config::check`](super::Config::check),
//! and its table in `sluice.example.toml`.

pub mod audit;
pub mod identity;
pub mod import;
pub mod limits;
pub mod redis;
pub mod retention;
pub mod server;
pub mod store;
pub mod tokenizers;
pub mod uploads;
pub mod web;
