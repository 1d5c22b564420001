//! The state of an operation.

/// The state of an operation. An operation leaves `Running` once and never returns to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// The operation is in progress, or can be resumed.
    Running,
    /// The operation is complete.
    Succeeded,
    /// The operation cannot be completed.
    Failed,
    /// The operation was cancelled.
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

    /// Returns the name of the state, the same in the store, on the wire and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether the state is final.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self != Self::Running
    }
}
