//! Where the messages of a stream wait for memory, one by one, before they are gathered from its frames.
//!
//! A message of up to [`FREE_BYTES`] is part of the least share. A larger one needs a permit for all of its bytes
//! before more of it is read: then no two messages that are half there wait for each other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::application::error::Error;
use crate::application::memory::budget::Budget;
use crate::application::memory::pool::Permit;
use crate::application::memory::shares::Owner;

/// The largest message that needs no permit.
pub const FREE_BYTES: usize = 16 * 1024;

/// The messages of one stream, counted from 0.
#[derive(Debug, Default)]
pub struct Intake {
    // A std mutex: never held across an await.
    state: Mutex<State>,
}

type Taking = Pin<Box<dyn Future<Output = Result<Permit, Error>> + Send>>;

#[derive(Default)]
struct State {
    source: Option<(Budget, Owner)>,
    /// Permits by the number of their message.
    held: VecDeque<(u64, Permit)>,
    taking: Option<Taking>,
    /// Who waits for [`Intake::open`].
    waker: Option<Waker>,
    is_exhausted: bool,
    /// How many messages have begun, and how many were handed on.
    begun: u64,
    taken: u64,
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
    pub fn poll_begin(&self, context: &mut Context<'_>, bytes: usize) -> Poll<Result<(), Error>> {
        let mut state = self.lock();
        if bytes > FREE_BYTES {
            let State { source, taking, .. } = &mut *state;
            let Some((budget, owner)) = source else {
                state.waker = Some(context.waker().clone());
                return Poll::Pending;
            };
            let taking = taking.get_or_insert_with(|| {
                let (budget, owner) = (budget.clone(), owner.clone());
                Box::pin(async move { budget.take_message(&owner, bytes).await })
            });
            let taken = std::task::ready!(taking.as_mut().poll(context));
            state.taking = None;
            match taken {
                Ok(permit) => {
                    let number = state.begun;
                    state.held.push_back((number, permit));
                }
                Err(error) => {
                    state.is_exhausted = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        state.begun += 1;
        Poll::Ready(Ok(()))
    }

    /// Says that the next message was handed on.
    pub fn take(&self) {
        self.lock().taken += 1;
    }

    /// Says that all messages that were handed on are done with: their memory is given back.
    pub fn done(&self) {
        let mut state = self.lock();
        let taken = state.taken;
        while state
            .held
            .front()
            .is_some_and(|(number, _)| *number < taken)
        {
            state.held.pop_front();
        }
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
            .field("begun", &self.begun)
            .field("taken", &self.taken)
            .field("is_exhausted", &self.is_exhausted)
            .finish_non_exhaustive()
    }
}
