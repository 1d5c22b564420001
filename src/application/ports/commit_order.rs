//! The order of an upload's commits: a batch may be brought to the store while the one before is being
//! committed, and is committed after it. So the store need not stand still while a commit reaches the
//! disk.

use tokio::sync::watch;

/// Commits under way at once: the store takes the rows of one while the other reaches the disk. A third
/// would be sent again after a crash.
pub const COMMITS_MAX: usize = 2;

/// How far a batch is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Waiting,
    /// It has a connection to the store, and is on its way.
    Begun,
    Committed,
}

/// The turn of one batch. If it is dropped before [`Turn::committed`], no later batch is committed.
#[derive(Debug)]
pub struct Turn {
    before: Option<watch::Receiver<Stage>>,
    own: watch::Sender<Stage>,
}

impl Turn {
    /// The turn of a batch that has to wait for none.
    #[must_use]
    pub fn first() -> Self {
        Self {
            before: None,
            own: watch::Sender::new(Stage::Waiting),
        }
    }

    /// The turn of the batch after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self {
            before: Some(self.own.subscribe()),
            ..Self::first()
        }
    }

    /// Waits until the batch before has begun; `false` if it never will. Only then may a connection be
    /// taken: whoever waits with one waits for somebody who has one.
    pub async fn to_begin(&self) -> bool {
        self.before_is(|stage| stage != Stage::Waiting).await
    }

    /// Says that it has a connection.
    pub fn begun(&self) {
        self.own.send_replace(Stage::Begun);
    }

    /// Waits until the batch before is committed; `false` if it never will be.
    pub async fn to_commit(&self) -> bool {
        self.before_is(|stage| stage == Stage::Committed).await
    }

    /// Says that the batch is committed.
    pub fn committed(self) {
        self.own.send_replace(Stage::Committed);
    }

    async fn before_is(&self, reached: impl Fn(Stage) -> bool) -> bool {
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
    use super::Turn;

    #[tokio::test]
    async fn a_batch_waits_for_the_one_before() {
        let first = Turn::first();
        let second = first.next();
        assert!(first.to_begin().await && first.to_commit().await);
        first.begun();
        assert!(second.to_begin().await);
        first.committed();
        assert!(second.to_commit().await);
    }

    #[tokio::test]
    async fn nothing_is_committed_after_a_batch_that_was_not() {
        let (first, unborn) = (Turn::first(), Turn::first());
        let (second, never) = (first.next(), unborn.next());
        first.begun();
        drop((first, unborn));
        assert!(second.to_begin().await && !second.to_commit().await);
        assert!(!never.to_begin().await);
    }
}
