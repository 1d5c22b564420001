//! Collections in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::collections::{Collection, Collections};
use crate::application::ports::failure::Error;
use crate::domain::name::CollectionId;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row;

#[async_trait]
impl Collections for Sqlite {
    async fn create_collection(&self, caller: &Caller, new: &Collection) -> Result<bool, Error> {
        let created = sqlx::query(
            "INSERT INTO collections (uid, tenant, collection_id, spec, created_at)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (tenant, collection_id) DO NOTHING",
        )
        .bind(new.uid.to_vec())
        .bind(&caller.tenant)
        .bind(new.id.as_str())
        .bind(row::to_json(&new.spec)?)
        .bind(new.created_at)
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        Ok(created.rows_affected() == 1)
    }

    async fn collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
    ) -> Result<Option<Collection>, Error> {
        let found = sqlx::query(
            "SELECT uid, collection_id, spec, created_at FROM collections
             WHERE tenant = ? AND collection_id = ?",
        )
        .bind(&caller.tenant)
        .bind(id.as_str())
        .fetch_optional(&self.readers)
        .await
        .map_err(failed)?;
        found.as_ref().map(collection).transpose()
    }

    async fn collections(
        &self,
        caller: &Caller,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Collection>, Error> {
        let list = sqlx::query(
            "SELECT uid, collection_id, spec, created_at FROM collections
             WHERE tenant = ? AND collection_id > ?
             ORDER BY collection_id LIMIT ?",
        )
        .bind(&caller.tenant)
        .bind(after)
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        list.iter().map(collection).collect()
    }
}

fn collection(found: &SqliteRow) -> Result<Collection, Error> {
    Ok(Collection {
        uid: row::fixed(found, "uid")?,
        id: row::name(CollectionId::parse(&row::text(found, "collection_id")?))?,
        spec: row::json(found, "spec")?,
        created_at: row::signed(found, "created_at")?,
    })
}
