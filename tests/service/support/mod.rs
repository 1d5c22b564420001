//! Helpers for the service tests: servers, clients, and proxies that inject network faults.
//!
//! A test starts a `world` (a server in this process), a `server` (a child process) or a `fleet` (two instances on one
//! database). `cluster` has helpers for a PostgreSQL server: a proxy before it, a crash, a tablespace. `proxy` and
//! `pubsub_proxy` stand between client and server and inject faults on demand. `access`, `frames`, `follower`,
//! `watcher` and `shell` are clients. To add a helper, create a file here without tests, and use it in a test in
//! `tests/service`.

pub(crate) mod access;
pub(crate) mod cluster;
pub(crate) mod fleet;
pub(crate) mod follower;
pub(crate) mod frames;
pub(crate) mod proxy;
pub(crate) mod pubsub_proxy;
pub(crate) mod restarted;
pub(crate) mod server;
pub(crate) mod shell;
pub(crate) mod tuned;
pub(crate) mod watcher;
pub(crate) mod world;
