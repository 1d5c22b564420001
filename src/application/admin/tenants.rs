//! Creates, lists, changes and deletes tenants. Only operators may call these use cases.

use std::sync::Arc;
use std::time::Duration;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page::{Listed, Page};
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::clock::Clock;
use crate::application::ports::store::Store;
use crate::application::ports::tenants::{Removed, Tenant};
use crate::domain::limits::quota::Quotas;
use crate::domain::names::resource::TenantId;

/// The time after which no instance admits callers of a disabled tenant from its cache: 5 seconds.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(5);

/// The use cases of tenants.
#[derive(Clone, Debug)]
pub struct Tenants {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The page tokens.
    pub tokens: Tokens,
}

impl Tenants {
    /// Creates a tenant.
    ///
    /// # Errors
    ///
    /// Fails if a tenant of that name exists.
    pub async fn create(&self, id: TenantId) -> Result<Tenant, Error> {
        let now = self.clock.now();
        if !self.store.create_tenant(&id, now).await? {
            return Err(Error::AlreadyExists { kind: "tenant" });
        }
        Ok(Tenant {
            id,
            created_at: now,
            quotas: Quotas::default(),
            usage: None,
            disabled_at: None,
        })
    }

    /// Returns a tenant.
    ///
    /// # Errors
    ///
    /// Fails if no tenant has that name.
    pub async fn get(&self, id: &TenantId) -> Result<Tenant, Error> {
        self.store.tenant(id).await?.ok_or_else(not_found)
    }

    /// Returns a page of tenants in the order of their names.
    ///
    /// # Errors
    ///
    /// Fails if the page size is negative or the page token is of another list.
    pub async fn list(
        &self,
        caller: &Caller,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Tenant>, Error> {
        let scope = "tenants".to_owned();
        let page = Page::new(&self.tokens, caller, scope, page_size, page_token)?;
        let after = page.after.as_deref().unwrap_or_default();
        let list = self.store.tenants(after, page.rows()).await?;
        Ok(page.cut(list, |tenant| tenant.id.as_str().to_owned(), |_| 0))
    }

    /// Disables or enables a tenant if `disabled` is given, and sets its quotas if `quotas` is given. Setting quotas
    /// also counts the tenant's usage.
    ///
    /// # Errors
    ///
    /// Fails if no tenant has that name, or `disabled` is given for the tenant `default`, which the operators belong
    /// to.
    pub async fn update(
        &self,
        id: &TenantId,
        disabled: Option<bool>,
        quotas: Option<Quotas>,
    ) -> Result<Tenant, Error> {
        if let Some(disabled) = disabled {
            is_not_default(id)?;
            let now = self.clock.now();
            let changed = self.store.disable_tenant(id, disabled, now).await?;
            changed.ok_or_else(not_found)?;
        }
        if let Some(quotas) = quotas {
            let changed = self.store.set_quotas(id, quotas).await?;
            changed.ok_or_else(not_found)?;
        }
        self.get(id).await
    }

    /// Deletes a tenant with its keys.
    ///
    /// # Errors
    ///
    /// Fails if no tenant has that name, it was not disabled at least 5 seconds ago, or it still has data. The tenant
    /// `default`, which the operators belong to, cannot be deleted.
    pub async fn delete(&self, id: &TenantId) -> Result<(), Error> {
        is_not_default(id)?;
        let latest = self.clock.now().minus(FORGOTTEN_AFTER);
        let disabled_at = self.get(id).await?.disabled_at;
        if disabled_at.is_none_or(|disabled_at| disabled_at > latest) {
            return Err(Error::TenantEnabled);
        }
        match self.store.delete_tenant(id).await? {
            Removed::Gone => Ok(()),
            Removed::NotFound => Err(not_found()),
            Removed::NotEmpty => Err(Error::TenantNotEmpty),
        }
    }
}

fn not_found() -> Error {
    Error::NotFound { kind: "tenant" }
}

fn is_not_default(id: &TenantId) -> Result<(), Error> {
    if id.as_str() == TenantId::DEFAULT {
        return Err(Error::invalid("name", "must not be tenants/default"));
    }
    Ok(())
}
