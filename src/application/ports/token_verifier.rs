//! The port of tokens from an external issuer.

use std::fmt::Debug;

use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};

/// The claims of a valid token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    /// The tenant whose data the bearer sees. Its existence has not been checked yet.
    pub tenant: TenantId,
    /// The principal that the bearer is.
    pub principal: Principal,
    /// The role of the bearer; never [`Role::Operator`].
    pub role: Role,
}

/// Verifies tokens.
pub trait Bearer: Debug + Send + Sync {
    /// Returns the claims of a token. `None` means that it is not valid, for any reason, or has expired.
    fn verify(&self, token: &str) -> Option<Claims>;
}
