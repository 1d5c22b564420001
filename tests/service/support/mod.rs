//! What tests of the service work with: servers and clients, networks that fail, and what both say.
//!
//! A test begins with a `world` (a server in this process), a `server` (a process), a `fleet` or a `cluster` (several).
//! `proxy` and `pubsub_proxy` stand between them and fail on demand. `access`, `frames`, `follower`, `watcher` and `shell`
//! are clients. To add one: a file here with no test in it, and a test in `tests/service` that uses it.

pub(crate) mod access;
pub(crate) mod cluster;
pub(crate) mod fleet;
pub(crate) mod follower;
pub(crate) mod frames;
pub(crate) mod proxy;
pub(crate) mod pubsub_proxy;
pub(crate) mod server;
pub(crate) mod shell;
pub(crate) mod watcher;
pub(crate) mod world;
