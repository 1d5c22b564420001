//! The port of updates between instances. Updates are hints: each may be lost, late or duplicated.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::application::ports::operations::Operation;

/// An update that one instance sends to the others.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// An operation has reached this state, which is committed.
    State(Arc<Operation>),
    /// A collection may have changed.
    Change,
}

/// The bus cannot be used at present; a later attempt may succeed.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unreachable")]
pub struct Unreachable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Carries updates from one instance to all others. The sender may receive its own updates.
#[async_trait]
pub trait EventBus: Debug + Send + Sync {
    /// Sends updates.
    ///
    /// # Errors
    ///
    /// Fails soon if some of them may not have been sent. They are not sent again.
    async fn publish(&self, updates: &[Update]) -> Result<(), Unreachable>;

    /// Opens a feed. The feed receives each update that is published after this has returned, unless one is lost.
    ///
    /// # Errors
    ///
    /// Fails soon if the feed would receive nothing.
    async fn listen(&self) -> Result<Box<dyn Feed>, Unreachable>;
}

/// A feed of received updates.
#[async_trait]
pub trait Feed: Debug + Send {
    /// Returns the next update. `None` means that the feed is lost, which is noticed within seconds.
    async fn next(&mut self) -> Option<Update>;
}
