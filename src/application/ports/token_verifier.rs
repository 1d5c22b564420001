//! The port of tokens that somebody else issues.

use std::fmt::Debug;

use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};

/// What a token that can be believed says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    /// Whose data its bearer sees. That there is such a tenant is not known yet.
    pub tenant: TenantId,
    /// Who the bearer is.
    pub principal: Principal,
    /// What the bearer may do; never [`Role::Operator`].
    pub role: Role,
}

/// Verifies tokens.
pub trait Bearer: Debug + Send + Sync {
    /// What a token says that has not expired; `None` for whatever reason it cannot be believed.
    fn verify(&self, token: &str) -> Option<Claims>;
}
