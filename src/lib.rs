//! Sluice cuts documents into chunks while they arrive, and proves every offset.
//!
//! Read in the order of the data. [`domain::text`] turns bytes into text and remembers where each character came
//! from. [`domain::chunking`] decides where chunks end. [`domain::ingest`] batches them with a checkpoint from which
//! any process can resume.

pub mod domain;

#[cfg(feature = "server")]
pub mod application;
#[cfg(feature = "server")]
pub mod bootstrap;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod infrastructure;
#[cfg(feature = "server")]
pub mod interface;
