//! States as text, encoded once for all their watchers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;

use crate::application::ports::operations::Operation;
use crate::interface::web::ws_message::ServerMessage;

/// The number of states that are kept as text, about 700 bytes each: the states that are sent at one time. States
/// beyond it are encoded again.
const KEPT_MAX: usize = 64;

/// A cache of the newest states as text.
#[derive(Debug, Default)]
pub struct Frames {
    /// A std mutex: never held across an await.
    kept: Mutex<VecDeque<(Arc<Operation>, Utf8Bytes)>>,
}

impl Frames {
    /// Returns the frame of a state. All watchers of one operation share the same `Arc` of a state, so the cache
    /// looks it up by pointer.
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
        let message = ServerMessage::State {
            operation: Operation::clone(state).into(),
        };
        let frame = Utf8Bytes::from(message.text());
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((Arc::clone(state), frame.clone()));
        frame
    }
}
