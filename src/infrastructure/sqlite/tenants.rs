//! Tenants in SQLite.

use async_trait::async_trait;

use crate::application::ports::tenants::{Removed, Tenant, Tenants};
use crate::application::store_error::Error;
use crate::domain::limits::quota::Quotas;
use crate::domain::names::resource::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::identity::tenant;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::quotas;

#[async_trait]
impl Tenants for Sqlite {
    async fn create_tenant(&self, id: &TenantId, now: Timestamp) -> Result<bool, Error> {
        let created = sqlx::query(common_statements::tenants::INSERT)
            .bind(id.as_str())
            .bind(now)
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(created.rows_affected() == 1)
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error> {
        let found = sqlx::query(common_statements::tenants::TENANT)
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        found.as_ref().map(tenant).transpose()
    }

    async fn tenants(&self, after: &str, rows: u32) -> Result<Vec<Tenant>, Error> {
        let list = sqlx::query(common_statements::tenants::TENANTS)
            .bind(after)
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        list.iter().map(tenant).collect()
    }

    async fn disable_tenant(
        &self,
        id: &TenantId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Tenant>, Error> {
        let changed = sqlx::query(common_statements::tenants::DISABLE)
            .bind(disabled)
            .bind(now)
            .bind(id.as_str())
            .fetch_optional(&self.writer)
            .await
            .map_err(failed)?;
        changed.as_ref().map(tenant).transpose()
    }

    async fn set_quotas(&self, id: &TenantId, quotas: Quotas) -> Result<Option<Tenant>, Error> {
        quotas::set(self, id, quotas).await
    }

    async fn delete_tenant(&self, id: &TenantId) -> Result<Removed, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        // The default collection was created implicitly, and never held a document.
        sqlx::query(common_statements::tenants::REMOVE_DEFAULT_COLLECTION)
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let kept = sqlx::query(common_statements::tenants::FIRST_COLLECTION)
            .bind(id.as_str())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        if kept.is_some() {
            return Ok(Removed::NotEmpty);
        }
        sqlx::query(common_statements::tenants::REMOVE_KEYS)
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let deleted = sqlx::query(common_statements::tenants::REMOVE)
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(if deleted.rows_affected() == 1 {
            Removed::Gone
        } else {
            Removed::NotFound
        })
    }
}
