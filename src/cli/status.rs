//! A server's refusal in words.

use anyhow::anyhow;
use tonic::Status;

use crate::cli::connection::unreached::Unreached;

/// A status says more than its code to people.
pub(super) fn said(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Status>() {
        Ok(status) if Unreached::of(&status).is_some() => anyhow!("{}", status.message()),
        Ok(status) => anyhow!("{} ({:?})", status.message(), status.code()),
        Err(error) => error,
    }
}
