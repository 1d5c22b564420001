//! Who is admitted: budgets for what is done again and again, places for what lasts.
//!
//! `door` is the use case, `limits` what is allowed. `limiter` asks the limiter that all instances
//! share, or, while that cannot be asked (`breaker`), the `local` one with this instance's part.
//! `places` are held until their guards are dropped; `bytes` are leased ahead of an upload.
//!
//! To add a budget: a variant of `Budget`, its quota in `limits`, its setting, its row in
//! `docs/redis.md`.

pub mod breaker;
pub mod bytes;
pub mod door;
pub mod limiter;
pub mod limits;
pub mod local;
pub mod places;
pub mod usage;
