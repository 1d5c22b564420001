//! Quotas of tenants in SQLite. Triggers count the usage, and reject rows beyond a quota.

use sqlx::SqliteConnection;

use crate::application::ports::tenants::Tenant;
use crate::application::store_error::Error;
use crate::domain::limits::quota::Quotas;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::DocumentUid;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::identity::tenant;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;

/// Reserves bytes for a document's newest version, which needs `needed` of them. Rounds up to the next 64 MiB, or to
/// the rest of the tenant's quota.
pub(super) async fn reserve(
    connection: &mut SqliteConnection,
    document: &DocumentUid,
    needed: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE versions SET reserved_bytes = max(?1, min(
             (?1 / 67108864 + 1) * 67108864,
             coalesce((
                 SELECT versions.reserved_bytes + bytes_max - bytes
                 FROM documents JOIN tenants ON tenant_id = tenant
                 WHERE documents.uid = ?2 AND is_counted), 9223372036854775807)))
         WHERE document_uid = ?2 AND reserved_bytes < ?1
             AND version = (SELECT latest_version FROM documents WHERE uid = ?2)",
    )
    .bind(stored(needed))
    .bind(document)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Sets all quotas of a tenant, and counts its current usage.
pub(super) async fn set(
    store: &Sqlite,
    id: &TenantId,
    quotas: Quotas,
) -> Result<Option<Tenant>, Error> {
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(failed)?;
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
