//! Statuses as error messages.

use anyhow::anyhow;
use tonic::Status;

use crate::cli::connection::unreached::Unreached;

/// Replaces a status by its message, with the code unless the connection failed. Returns other errors unchanged.
pub(crate) fn explain(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Status>() {
        Ok(status) if Unreached::of(&status).is_some() => anyhow!("{}", status.message()),
        Ok(status) => anyhow!("{} ({:?})", status.message(), status.code()),
        Err(error) => error,
    }
}
