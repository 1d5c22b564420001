//! The resource that a request names, for the audit log.

use std::sync::{Arc, OnceLock};

use crate::interface::grpc::pb;

/// The resource that a call names, known once its message is read. The request carries it through all layers.
#[derive(Clone, Debug, Default)]
pub struct AuditTarget(Arc<OnceLock<String>>);

impl AuditTarget {
    /// Notes the first name that is not empty.
    pub fn note(&self, named: &str) {
        if !named.is_empty() {
            // Later messages of a stream name the same resource, or none of interest.
            let _noted = self.0.set(named.to_owned());
        }
    }

    /// Returns the noted name, or an empty text if none was noted.
    #[must_use]
    pub fn noted(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

/// A request that may name a resource.
pub trait Named {
    /// Returns the name, as the client wrote it.
    fn named(&self) -> Option<&str> {
        None
    }
}

/// The first message of a stream has not arrived yet.
impl<T> Named for tonic::Streaming<T> {}

include!(concat!(env!("OUT_DIR"), "/named.rs"));
