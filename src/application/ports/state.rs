//! How far work is.

/// How far an operation is. It leaves `Running` once and never comes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It goes on, or can be gone on with.
    Running,
    /// It is complete.
    Succeeded,
    /// It cannot be completed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name of the state, the same everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self != Self::Running
    }
}
