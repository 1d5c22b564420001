//! The port of news across instances: hints, of which any may be lost, late, or there twice.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::application::ports::operations::Operation;

/// What one instance tells the others.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// An operation has come to this state, and that is committed.
    State(Arc<Operation>),
    /// Some collection may have changed.
    Change,
}

/// The bus cannot be used now: later it may.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unreachable")]
pub struct Unreachable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Carries news from one instance to all others. Whoever publishes may hear it too.
#[async_trait]
pub trait EventBus: Debug + Send + Sync {
    /// Sends news out.
    ///
    /// # Errors
    ///
    /// Fails, soon, if it cannot be said that all was sent: it is not sent again.
    async fn publish(&self, news: &[News]) -> Result<(), Unreachable>;

    /// Begins to listen. Whatever is published after this has returned is heard, unless it is lost.
    ///
    /// # Errors
    ///
    /// Fails, soon, if nothing would be heard.
    async fn listen(&self) -> Result<Box<dyn Feed>, Unreachable>;
}

/// News as it comes.
#[async_trait]
pub trait Feed: Debug + Send {
    /// The next news; none once the feed is lost, which is noticed within seconds.
    async fn next(&mut self) -> Option<News>;
}
