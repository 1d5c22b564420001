//! The port of tenants.

use async_trait::async_trait;

use crate::application::store_error::Error;
use crate::domain::limits::quota::{Quotas, Usage};
use crate::domain::names::resource::TenantId;
use crate::domain::timestamp::Timestamp;

/// A tenant as stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tenant {
    /// The name of the tenant.
    pub id: TenantId,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The limits of the tenant's stored data.
    pub quotas: Quotas,
    /// The usage. `None` means that the tenant has no quota, and its usage is not counted.
    pub usage: Option<Usage>,
    /// The time when the tenant was disabled. `None` means that it is enabled.
    pub disabled_at: Option<Timestamp>,
}

/// The result of deleting a tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removed {
    /// The tenant and its keys were removed.
    Gone,
    /// No tenant has that name.
    NotFound,
    /// The tenant still has data.
    NotEmpty,
}

/// Stores tenants, for operators. The tenant `default` always exists.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Stores a new tenant. Returns `false`, and stores nothing, if the name is taken.
    async fn create_tenant(&self, id: &TenantId, now: Timestamp) -> Result<bool, Error>;
    /// Returns the tenant of that name.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error>;
    /// Returns at most `rows` tenants in the order of their names, from the first after `after`.
    async fn tenants(&self, after: &str, rows: u32) -> Result<Vec<Tenant>, Error>;
    /// Disables or enables a tenant, and returns it. A second call changes nothing.
    async fn disable_tenant(
        &self,
        id: &TenantId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Tenant>, Error>;
    /// Sets all quotas of a tenant, counts its usage, and returns it. Data beyond a quota stays.
    async fn set_quotas(&self, id: &TenantId, quotas: Quotas) -> Result<Option<Tenant>, Error>;
    /// Removes a tenant with its keys, unless a collection of it is left, deleted or not. An empty collection
    /// `default` that was never used is removed with it.
    async fn delete_tenant(&self, id: &TenantId) -> Result<Removed, Error>;
}
