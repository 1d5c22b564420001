//! The port of tenants.

use async_trait::async_trait;

use crate::application::ports::clock::Timestamp;
use crate::application::ports::store_error::Error;
use crate::domain::limits::quota::{Quotas, Usage};
use crate::domain::names::resource::TenantId;

/// A tenant as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tenant {
    /// Its name.
    pub id: TenantId,
    /// When it was created.
    pub created_at: Timestamp,
    /// What it may keep.
    pub quotas: Quotas,
    /// What it keeps; none if it has no quota, for then it is not counted.
    pub usage: Option<Usage>,
    /// Since when nobody of it is let in; none: they are.
    pub disabled_at: Option<Timestamp>,
}

/// How deleting a tenant went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removed {
    /// It is gone, with its keys.
    Gone,
    /// There is none of that name.
    NotFound,
    /// Something is kept of it.
    NotEmpty,
}

/// Keeps tenants: for operators. The one named `default` is always there.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Stores a new tenant; false, and nothing stored, if there is one of that name.
    async fn create_tenant(&self, id: &TenantId, now: Timestamp) -> Result<bool, Error>;
    /// The tenant of that name.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error>;
    /// At most `rows` tenants in the order of their names, from the first after `after`.
    async fn tenants(&self, after: &str, rows: u32) -> Result<Vec<Tenant>, Error>;
    /// Disables or enables a tenant, and returns it. Again, it changes nothing.
    async fn disable_tenant(
        &self,
        id: &TenantId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Tenant>, Error>;
    /// Sets all quotas of a tenant, counts what it keeps, and returns it. What is beyond a quota stays.
    async fn set_quotas(&self, id: &TenantId, quotas: Quotas) -> Result<Option<Tenant>, Error>;
    /// Removes a tenant with its keys, unless a collection is left of it, deleted or not. An
    /// empty collection `default` that was never used goes with it.
    async fn delete_tenant(&self, id: &TenantId) -> Result<Removed, Error>;
}
