//! Who asks.

use crate::domain::access::Role;
use crate::domain::name::TenantId;

/// The one who asks; every port method takes it, and every statement its tenant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Caller {
    /// Whose data it sees.
    pub tenant: String,
    /// Who it is within its tenant: what limits are counted by.
    pub principal: String,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// Everybody, while no identity is configured.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            tenant: TenantId::DEFAULT.to_owned(),
            principal: "anonymous".to_owned(),
            role: Role::Operator,
        }
    }

    /// The service itself, at work for a tenant.
    #[must_use]
    pub fn of_tenant(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            principal: "sluice".to_owned(),
            role: Role::Admin,
        }
    }
}
