//! Memory that calls share: a bounded number of bytes, split fairly between tenants and principals.
//!
//! `shares` splits bytes, `pool` has calls wait for them. `budget` says which calls take from which pool, and how
//! much. `upload` is what one upload holds from its first message to its end. `preview` says what cutting a small
//! text takes.
//!
//! To add a kind of call that holds memory: decide who lets go of it (the client: `open`; the store and
//! the processor alone: `working`), and take a permit from that pool of the [`budget::Budget`].

pub mod budget;
pub mod pool;
pub mod pressure;
pub mod preview;
mod shares;
pub mod upload;
