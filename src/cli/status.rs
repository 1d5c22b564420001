//! A server's refusal in words.

use tonic::Status;

/// A status says more than its code to people.
pub(super) fn said(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Status>() {
        Ok(status) => anyhow::anyhow!("{} ({:?})", status.message(), status.code()),
        Err(error) => error,
    }
}
