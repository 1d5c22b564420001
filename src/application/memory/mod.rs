//! Memory that calls share: a bounded number of bytes, split fairly between tenants and principals.
//!
//! `shares` splits the bytes, and in `pool` calls wait for them. `budget` decides which calls take from which pool,
//! and how much. `upload` is the memory of one upload from its first message to its end. `preview` estimates the
//! memory for cutting a small text. `pressure` rejects calls while the process is nearly out of memory.
//!
//! To add a kind of call that holds memory: decide on which side its duration depends (on the client: `open`; on the
//! store and the processor alone: `working`), and take a permit from that pool of the [`budget::MemoryBudget`].

pub mod budget;
pub mod pool;
pub mod pressure;
pub mod preview;
mod shares;
pub mod upload;
