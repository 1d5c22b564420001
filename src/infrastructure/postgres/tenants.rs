//! Tenants in PostgreSQL.

use async_trait::async_trait;

use crate::application::ports::tenants::{Removed, Tenant, Tenants};
use crate::application::store_error::Error;
use crate::domain::limits::quota::Quotas;
use crate::domain::names::resource::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::quotas;
use crate::infrastructure::postgres::retry::{read, transact};
use crate::infrastructure::rows::identity::tenant;

#[async_trait]
impl Tenants for Postgres {
    async fn create_tenant(&self, id: &TenantId, now: Timestamp) -> Result<bool, Error> {
        let created = read(
            sqlx::query(common_statements::tenants::INSERT)
                .bind(id.as_str())
                .bind(now)
                .execute(&self.pool),
        )
        .await?;
        Ok(created.rows_affected() == 1)
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error> {
        let found = read(
            sqlx::query(common_statements::tenants::TENANT)
                .bind(id.as_str())
                .fetch_optional(&self.pool),
        )
        .await?;
        found.as_ref().map(tenant).transpose()
    }

    async fn tenants(&self, after: &str, rows: u32) -> Result<Vec<Tenant>, Error> {
        let list = read(
            sqlx::query(common_statements::tenants::TENANTS)
                .bind(after)
                .bind(i64::from(rows))
                .fetch_all(&self.pool),
        )
        .await?;
        list.iter().map(tenant).collect()
    }

    async fn disable_tenant(
        &self,
        id: &TenantId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Tenant>, Error> {
        let changed = read(
            sqlx::query(common_statements::tenants::DISABLE)
                .bind(disabled)
                .bind(now)
                .bind(id.as_str())
                .fetch_optional(&self.pool),
        )
        .await?;
        changed.as_ref().map(tenant).transpose()
    }

    async fn set_quotas(&self, id: &TenantId, quotas: Quotas) -> Result<Option<Tenant>, Error> {
        transact(|_before| quotas::set(&self.pool, id, quotas)).await
    }

    async fn delete_tenant(&self, id: &TenantId) -> Result<Removed, Error> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
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
