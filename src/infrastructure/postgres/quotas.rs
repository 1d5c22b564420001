//! Quotas of tenants in PostgreSQL. Triggers count the usage, and reject rows beyond a quota.

use sqlx::PgPool;

use crate::application::ports::tenants::Tenant;
use crate::application::store_error::Error;
use crate::domain::limits::quota::Quotas;
use crate::domain::names::resource::TenantId;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::rows::identity::tenant;

/// Sets all quotas of a tenant, and counts its current usage.
pub(super) async fn set(
    pool: &PgPool,
    id: &TenantId,
    quotas: Quotas,
) -> Result<Option<Tenant>, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    // The lock waits for transactions that did not count, because there was no quota. The next statement sees their
    // rows; later transactions count.
    sqlx::query("SELECT pg_advisory_xact_lock(64, hashtext($1))")
        .bind(id.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let changed = sqlx::query(common_statements::tenants::SET_QUOTAS)
        .bind(id.as_str())
        .bind(quotas.documents.map(stored))
        .bind(quotas.bytes.map(stored))
        .bind(quotas.uploads.map(stored))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    changed.as_ref().map(tenant).transpose()
}
