//! Where the messages of a stream wait for memory, one by one, before they are gathered from its frames.
//!
//! A message of up to [`FREE_BYTES`] is part of the least share. A larger one needs a permit for all of its bytes
//! before more of it is read: then no two messages that are half there wait for each other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;

use crate::application::error::Error;
use crate::application::memory::budget::Budget;
use crate::application::memory::pool::Permit;
use crate::application::memory::shares::Owner;

/// The largest message that needs no permit.
pub const FREE_BYTES: usize = 16 * 1024;

/// The messages of one stream on their way.
#[derive(Debug, Default)]
pub struct Intake {
    // A std mutex: never held across an await.
    state: Mutex<State>,
}

type Taking = Pin<Box<dyn Future<Output = Result<Permit, Error>> + Send>>;

#[derive(Default)]
struct State {
    source: Option<(Budget, Owner)>,
    /// The permit that the message which begins waits for.
    taking: Option<Taking>,
    /// The permit of the message that is being gathered.
    gathering: Option<Permit>,
    /// Messages that are whole, in order. As many as one frame has: no more is read before they are taken.
    whole: VecDeque<(Bytes, Option<Permit>)>,
    /// The permit of the message that was taken last.
    taken: Option<Permit>,
    /// Who waits for [`Intake::open`].
    waker: Option<Waker>,
    is_exhausted: bool,
}

impl Intake {
    /// Says whose memory large messages take; until then they wait.
    pub(super) fn open(&self, budget: Budget, owner: Owner) {
        let mut state = self.lock();
        state.source = Some((budget, owner));
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Takes the memory of a message that begins. Called again until it is ready; `bytes` is the same then.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for it in time.
    pub fn poll_begin(&self, context: &mut Context<'_>, bytes: usize) -> Poll<Result<(), Error>> {
        if bytes <= FREE_BYTES {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        let State { source, taking, .. } = &mut *state;
        let Some((budget, owner)) = source else {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let taking = taking.get_or_insert_with(|| {
            let (budget, owner) = (budget.clone(), owner.clone());
            Box::pin(async move { budget.take_message(&owner, bytes).await })
        });
        let taken = ready!(taking.as_mut().poll(context));
        state.taking = None;
        state.is_exhausted = taken.is_err();
        state.gathering = Some(taken?);
        Poll::Ready(Ok(()))
    }

    /// Puts in the message that has begun, whole.
    pub fn put(&self, message: Bytes) {
        let mut state = self.lock();
        let permit = state.gathering.take();
        state.whole.push_back((message, permit));
    }

    /// Takes the oldest message. Its memory is given back when the next is taken, or asked for.
    pub fn take(&self) -> Option<Bytes> {
        let mut state = self.lock();
        let (message, permit) = state.whole.pop_front()?;
        state.taken = permit;
        Some(message)
    }

    /// Says that the message which was taken is done with: its memory is given back.
    pub fn done(&self) {
        let taken = self.lock().taken.take();
        drop(taken);
    }

    /// Whether a message waits for memory: its client is not to blame for the silence.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.lock().taking.is_some()
    }

    /// Whether a message has waited for memory in vain.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.lock().is_exhausted
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("whole", &self.whole.len())
            .field("is_exhausted", &self.is_exhausted)
            .finish_non_exhaustive()
    }
}
