//! Rate limits and concurrency limits of callers.
//!
//! `admission` is the use case, `limits` has the numbers. `limiter` calls the limiter that all instances share. While
//! that fails, `circuit_breaker` directs calls to `local_limiter`, which has this instance's share. `concurrency`
//! holds a slot until its guard is dropped; `upload_bytes` leases bytes ahead of an upload.
//!
//! To add a rate limit: a variant of `RateLimitKind`, its rate in `limits`, its setting, its row in `docs/redis.md`.

pub mod admission;
pub mod circuit_breaker;
pub mod concurrency;
pub mod limiter;
pub mod limits;
pub mod local_limiter;
pub mod upload_bytes;
pub mod usage;
