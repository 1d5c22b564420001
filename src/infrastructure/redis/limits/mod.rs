//! Budgets and places that all instances share: a script each, in one round trip, by Redis's clock.
//!
//! To add a script: a `.lua` that says what its keys and arguments are and writes nothing without a
//! lifetime, a method of the port, a row in `docs/redis.md` if it has a key of its own.

mod keys;
pub mod rate_limiter;
