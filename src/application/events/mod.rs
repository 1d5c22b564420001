//! Updates of operations, on one instance and between instances.
//!
//! `bus` keeps the newest state of each watched operation. `outbound_queue` and `relay` exchange states with other
//! instances; `link` says whether that works. `reconciler` reads the store every few seconds, so that a lost message
//! delays a watcher and loses nothing. `operation_log` logs how operations end.

pub mod bus;
pub mod link;
mod operation_log;
pub mod outbound_queue;
pub mod reconciler;
pub mod relay;
pub mod tenant_subscription;
pub mod topic;
