//! Rate and concurrency limits that all instances share. Each runs one script in one round trip, by Redis's clock.
//!
//! To add a script: a `.lua` file that documents its keys and arguments, a method of the port, and a row in
//! `docs/redis.md` if the script has its own key. The script must set a lifetime on every key that it writes.

mod keys;
pub mod rate_limiter;
