//! States as text, made once for all that are told them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;

use crate::application::ports::operations::Operation;
use crate::interface::web::ws_message::Told;

/// States that are kept as text, some 700 bytes each: those that are being told at one time. Of more each is
/// made again.
const KEPT_MAX: usize = 64;

/// The newest states as text.
#[derive(Debug, Default)]
pub struct Frames {
    /// A std mutex: never held across an await.
    kept: Mutex<VecDeque<(Arc<Operation>, Utf8Bytes)>>,
}

impl Frames {
    /// The frame that tells a state. Who watch one operation are given the very same state, so that is
    /// what it is found by.
    #[must_use]
    pub fn of(&self, state: &Arc<Operation>) -> Utf8Bytes {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .iter()
            .rev()
            .find(|(other, _)| Arc::ptr_eq(other, state));
        if let Some((_, frame)) = found {
            return frame.clone();
        }
        let told = Told::State {
            operation: Operation::clone(state).into(),
        };
        let frame = Utf8Bytes::from(told.text());
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((Arc::clone(state), frame.clone()));
        frame
    }
}
