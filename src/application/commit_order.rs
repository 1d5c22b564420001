//! The order of an upload's commits. A batch may be transferred to the store while the previous one is being
//! committed, and is committed after it. The store therefore need not wait while a commit reaches the disk.

use tokio::sync::watch;

/// The most commits in progress at once: the store receives the rows of one while the other reaches the disk. With a
/// third, one more batch would have to be sent again after a crash.
pub const COMMITS_MAX: usize = 2;

/// The progress of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CommitStage {
    Waiting,
    /// The batch has a connection to the store, and is being transferred.
    Begun,
    Committed,
}

/// The turn of one batch. If it is dropped before [`CommitTicket::mark_committed`], no later batch is committed.
#[derive(Debug)]
pub struct CommitTicket {
    before: Option<watch::Receiver<CommitStage>>,
    own: watch::Sender<CommitStage>,
}

impl CommitTicket {
    /// Creates the turn of the first batch, which waits for no other.
    #[must_use]
    pub fn first() -> Self {
        Self {
            before: None,
            own: watch::Sender::new(CommitStage::Waiting),
        }
    }

    /// Creates the turn of the next batch.
    #[must_use]
    pub fn next(&self) -> Self {
        Self {
            before: Some(self.own.subscribe()),
            ..Self::first()
        }
    }

    /// Waits until the previous batch has begun. Returns `false` if it never will. Only then may the caller take a
    /// connection: a waiter that held one could block the batch that it waits for.
    pub async fn to_begin(&self) -> bool {
        self.before_is(|stage| stage != CommitStage::Waiting).await
    }

    /// Marks the batch as begun: it has a connection.
    pub fn mark_begun(&self) {
        self.own.send_replace(CommitStage::Begun);
    }

    /// Waits until the previous batch is committed. Returns `false` if it never will be.
    pub async fn to_commit(&self) -> bool {
        self.before_is(|stage| stage == CommitStage::Committed)
            .await
    }

    /// Marks the batch as committed.
    pub fn mark_committed(self) {
        self.own.send_replace(CommitStage::Committed);
    }

    async fn before_is(&self, reached: impl Fn(CommitStage) -> bool) -> bool {
        let Some(before) = &self.before else {
            return true;
        };
        before
            .clone()
            .wait_for(|stage| reached(*stage))
            .await
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::CommitTicket;

    #[tokio::test]
    async fn a_batch_waits_for_the_one_before() {
        let first = CommitTicket::first();
        let second = first.next();
        assert!(first.to_begin().await && first.to_commit().await);
        first.mark_begun();
        assert!(second.to_begin().await);
        first.mark_committed();
        assert!(second.to_commit().await);
    }

    #[tokio::test]
    async fn no_batch_commits_after_one_that_did_not() {
        let first = CommitTicket::first();
        let unborn = CommitTicket::first();
        let second = first.next();
        let never = unborn.next();
        first.mark_begun();
        drop((first, unborn));
        assert!(second.to_begin().await && !second.to_commit().await);
        assert!(!never.to_begin().await);
    }
}
