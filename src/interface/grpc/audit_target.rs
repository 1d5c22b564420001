//! What a request names: the audit log tells it.

use std::sync::{Arc, OnceLock};

use crate::interface::grpc::pb;

/// What the request of a call names, once its message is read. Goes with the call through all layers.
#[derive(Clone, Debug, Default)]
pub struct Target(Arc<OnceLock<String>>);

impl Target {
    /// Notes what is named first.
    pub fn note(&self, named: &str) {
        if !named.is_empty() {
            // What comes later is the same, or of no interest.
            let _noted = self.0.set(named.to_owned());
        }
    }

    /// What was noted; empty if nothing was.
    #[must_use]
    pub fn noted(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

/// A request that may name something.
pub trait Named {
    /// What it names, as the client wrote it.
    fn named(&self) -> Option<&str> {
        None
    }
}

/// The first message of a stream is not there yet.
impl<T> Named for tonic::Streaming<T> {}

include!(concat!(env!("OUT_DIR"), "/named.rs"));
