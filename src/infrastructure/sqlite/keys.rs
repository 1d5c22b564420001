//! Keys in SQLite.

use async_trait::async_trait;

use crate::application::ports::keys::{Created, Key, Keys};
use crate::application::store_error::Error;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::KeyUid;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::identity::key;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;

#[async_trait]
impl Keys for Sqlite {
    async fn create_key(&self, new: &Key) -> Result<Created, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let tenant = sqlx::query(common_statements::keys::FIND_TENANT)
            .bind(new.tenant.as_str())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        if tenant.is_none() {
            return Ok(Created::NoTenant);
        }
        let created = sqlx::query(common_statements::keys::INSERT)
            .bind(new.uid)
            .bind(new.tenant.as_str())
            .bind(new.principal.as_str())
            .bind(new.role.name())
            .bind(new.kind.name())
            .bind(&new.lookup)
            .bind(new.digest.to_vec())
            .bind(new.created_at)
            .bind(new.expires_at)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(if created.rows_affected() == 1 {
            Created::Stored
        } else {
            Created::Taken
        })
    }

    async fn find_keys(&self, lookups: &[String]) -> Result<Vec<Key>, Error> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        let mut list = Vec::new();
        // One query per key: SQLite has no round trip to save.
        for lookup in lookups {
            let found = sqlx::query(
                "SELECT api_keys.* FROM api_keys
                 JOIN tenants ON tenants.tenant_id = api_keys.tenant AND tenants.disabled_at IS NULL
                 WHERE api_keys.lookup = ? AND api_keys.revoked_at IS NULL",
            )
            .bind(lookup)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
            list.extend(found.as_ref().map(key).transpose()?);
        }
        Ok(list)
    }

    async fn key(&self, tenant: &TenantId, uid: &KeyUid) -> Result<Option<Key>, Error> {
        let found = sqlx::query(common_statements::keys::KEY)
            .bind(tenant.as_str())
            .bind(uid)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        found.as_ref().map(key).transpose()
    }

    async fn keys(&self, tenant: &TenantId, after: &KeyUid, rows: u32) -> Result<Vec<Key>, Error> {
        let list = sqlx::query(common_statements::keys::KEYS)
            .bind(tenant.as_str())
            .bind(after)
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        list.iter().map(key).collect()
    }

    async fn revoke_key(
        &self,
        tenant: &TenantId,
        uid: &KeyUid,
        now: Timestamp,
    ) -> Result<Option<Key>, Error> {
        let revoked = sqlx::query(common_statements::keys::REVOKE)
            .bind(now)
            .bind(tenant.as_str())
            .bind(uid)
            .fetch_optional(&self.writer)
            .await
            .map_err(failed)?;
        revoked.as_ref().map(key).transpose()
    }

    async fn has_operator_key(&self, now: Timestamp) -> Result<bool, Error> {
        let found = sqlx::query(common_statements::keys::FIRST_OPERATOR)
            .bind(now)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        Ok(found.is_some())
    }
}
