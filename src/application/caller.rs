//! The caller of a use case: tenant, principal and role.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::application::client_network::Network;
use crate::domain::identity::role::Role;
use crate::domain::names::resource::{Principal, TenantId};

/// The caller of a request. Every port method takes it, and every statement filters by its tenant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Caller {
    /// The tenant whose data it may read and write.
    pub tenant: TenantId,
    /// Its name within the tenant.
    pub principal: Principal,
    /// The network of a caller without identity; `None` for other callers. It separates limits and shares, never
    /// data.
    pub network: Option<Network>,
    /// Its role, which decides the methods that it may call.
    pub role: Role,
}

impl Caller {
    /// Returns the caller that every request has while no identity is configured, without a network.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            tenant: TenantId::default(),
            principal: Principal::anonymous(),
            network: None,
            role: Role::Operator,
        }
    }

    /// Returns the anonymous caller at an address.
    #[must_use]
    pub fn anonymous_at(address: IpAddr) -> Self {
        Self {
            network: Some(Network::of(address)),
            ..Self::anonymous()
        }
    }

    /// Returns the name that counts limits and shares within the tenant: the principal, or `anonymous` and the
    /// network of a caller without identity. No principal has a space in its name.
    #[must_use]
    pub fn share_key(&self) -> Cow<'_, str> {
        match self.network {
            Some(network) => format!("{} {network}", self.principal.as_str()).into(),
            None => self.principal.as_str().into(),
        }
    }

    /// Returns the caller that the server uses for its own work on a tenant's data.
    #[must_use]
    pub fn of_tenant(tenant: TenantId) -> Self {
        Self {
            tenant,
            principal: Principal::server(),
            network: None,
            role: Role::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::application::caller::Caller;
    use crate::domain::names::resource::{Principal, TenantId};

    #[test]
    fn anonymous_callers_share_by_network_and_never_with_a_principal() {
        let share = |address: &str| {
            let caller = Caller::anonymous_at(address.parse().unwrap());
            caller.share_key().into_owned()
        };
        assert_eq!(share("127.0.0.2"), "anonymous 127.0.0.2");
        assert_eq!(share("::ffff:127.0.0.2"), share("127.0.0.2"));
        assert_eq!(share("2001:db8::1"), share("2001:db8::ffff:1"));
        assert_ne!(share("2001:db8::1"), share("2001:db8:0:1::1"));
        assert!(Principal::parse(&share("127.0.0.2")).is_err());
        let acme = TenantId::parse("acme").unwrap();
        assert_eq!(Caller::of_tenant(acme).share_key(), "sluice");
    }
}
