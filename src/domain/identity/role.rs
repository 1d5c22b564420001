//! Roles of callers.

/// The privileges of a caller. Each role includes those before it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Reads.
    Reader,
    /// Reads and writes.
    Writer,
    /// Administers a tenant: its keys, and the partitions of its documents.
    Admin,
    /// Operates the service: all tenants and all partitions. Only keys that an operator has created have this role;
    /// tokens never have it.
    Operator,
}

impl Role {
    /// All roles, the least privileged first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::Admin, Self::Operator];

    /// Returns its name in the store and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// Returns the role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
