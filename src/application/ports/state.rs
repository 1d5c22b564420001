//! How far work is.

/// How far an upload is. It leaves `Uploading` once and never comes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It can be gone on with.
    Uploading,
    /// Its version is complete, and current until a newer one is.
    Succeeded,
    /// Its source was refused.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl State {
    /// The name of the state, the same everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploading => "UPLOADING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self != Self::Uploading
    }
}
