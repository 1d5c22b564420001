//! Who asks.

/// The one who asks; every port method takes it, and every statement its tenant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Caller {
    /// Whose data it sees.
    pub tenant: String,
}

impl Caller {
    /// The only tenant until identity is configured.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            tenant: "default".to_owned(),
        }
    }
}
