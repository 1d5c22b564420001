//! Documents in PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::application::caller::Caller;
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::ports::documents::{Document, Documents, MetadataUpdate, Updated};
use crate::application::store_error::Error;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::names::uid::DocumentUid;
use crate::domain::operation::target::Target;
use crate::infrastructure::columns::{Columns, stored, to_json};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::deletions;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::{look_up, read, transact};
use crate::infrastructure::postgres::upload_end;
use crate::infrastructure::rows::deletion::DeletionTarget;
use crate::infrastructure::rows::document::document;

#[async_trait]
impl Documents for Postgres {
    async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Document>, Error> {
        let found = look_up(live(&self.pool, caller, name)).await?;
        found.as_ref().map(document).transpose()
    }

    async fn documents(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        labels: &BTreeMap<String, String>,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Document>, Error> {
        let list = read(
            sqlx::query(
                "SELECT * FROM document_rows
             WHERE tenant = $1 AND collection_id = $2 AND document_id > $3
                 AND deleted_at IS NULL AND collection_deleted_at IS NULL
                 AND labels::jsonb @> $4::jsonb
             ORDER BY document_id LIMIT $5",
            )
            .bind(&caller.tenant)
            .bind(collection.as_str())
            .bind(after)
            .bind(to_json(labels)?)
            .bind(i64::from(rows))
            .fetch_all(&self.pool),
        )
        .await?;
        list.iter().map(document).collect()
    }

    async fn update_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        change: &MetadataUpdate,
    ) -> Result<Updated, Error> {
        transact(|_| update(&self.pool, caller, name, change)).await
    }

    async fn delete_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        deletion: &Deletion,
    ) -> Result<Deleted, Error> {
        transact(|_| delete(&self.pool, caller, name, deletion)).await
    }
}

async fn update(
    pool: &PgPool,
    caller: &Caller,
    name: &DocumentName,
    change: &MetadataUpdate,
) -> Result<Updated, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    let Some(found) = held(&mut transaction, caller, name).await? else {
        return Ok(Updated::NotFound);
    };
    let known = document(&found)?;
    if let Some(refusal) = change.refusal(&known) {
        return Ok(refusal);
    }
    let updated = change.applied(known);
    sqlx::query(common_statements::documents::UPDATE)
        .bind(&updated.display_name)
        .bind(&updated.media_type)
        .bind(to_json(&updated.labels)?)
        .bind(stored(updated.revision))
        .bind(updated.updated_at)
        .bind(updated.uid)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let MetadataUpdate { metadata, now, .. } = change;
    let ended =
        upload_end::fail_overlapping(&mut transaction, &updated.uid, metadata, *now).await?;
    let version = updated.current.as_ref().map(|current| current.version);
    upload_end::record_change(&mut transaction, &updated.uid, version, version, *now).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Updated::Document(Box::new(updated), ended))
}

async fn delete(
    pool: &PgPool,
    caller: &Caller,
    name: &DocumentName,
    deletion: &Deletion,
) -> Result<Deleted, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    if let Some(known) = deletions::known(&mut transaction, caller, deletion).await? {
        return Ok(known);
    }
    let Some(found) = held(&mut transaction, caller, name).await? else {
        return Ok(Deleted::NotFound);
    };
    let known = document(&found)?;
    let now = deletion.now;
    if deletion.expects_other(known.revision) {
        return Ok(Deleted::Changed);
    }
    let ended = deletions::give_up(&mut transaction, &known.uid, now).await?;
    if let Some(current) = &known.current {
        let before = Some(current.version);
        upload_end::record_change(&mut transaction, &known.uid, before, None, now).await?;
    }
    let target = DeletionTarget {
        name: Target::Document(name.clone()),
        document: Some(known.uid),
        collection: found.uid("collection_uid")?,
    };
    let operation = deletions::insert(&mut transaction, caller, deletion, target).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Deleted::Operation(Box::new(operation), ended))
}

/// Returns the document's row, locked until the end of the transaction.
pub(super) async fn held(
    connection: &mut PgConnection,
    caller: &Caller,
    name: &DocumentName,
) -> Result<Option<PgRow>, Error> {
    let Some(found) = live(&mut *connection, caller, name).await? else {
        return Ok(None);
    };
    sqlx::query("SELECT 1 FROM documents WHERE uid = $1 FOR NO KEY UPDATE")
        .bind(found.uid::<DocumentUid>("uid")?)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    // Read the row again: it may have changed before it was locked.
    live(connection, caller, name).await
}

/// Returns the document of that name, unless it or its collection is deleted.
pub(super) async fn live(
    executor: impl PgExecutor<'_>,
    caller: &Caller,
    name: &DocumentName,
) -> Result<Option<PgRow>, Error> {
    sqlx::query(common_statements::documents::LIVE)
        .bind(&caller.tenant)
        .bind(name.collection.as_str())
        .bind(name.document.as_str())
        .fetch_optional(executor)
        .await
        .map_err(failed)
}
