//! Documents in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::ports::documents::{Document, Documents, MetadataUpdate, Updated};
use crate::application::store_error::Error;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::operation::target::Target;
use crate::infrastructure::columns::{Columns, stored, to_json};
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::deletion::DeletionTarget;
use crate::infrastructure::rows::document::document;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::deletions;
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::upload_end;

#[async_trait]
impl Documents for Sqlite {
    async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Document>, Error> {
        let found = live(&self.readers, caller, name).await?;
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
        let list = sqlx::query(
            "SELECT * FROM document_rows
             WHERE tenant = ?1 AND collection_id = ?2 AND document_id > ?3
                 AND deleted_at IS NULL AND collection_deleted_at IS NULL
                 AND NOT EXISTS (
                     SELECT 1 FROM json_each(?4) AS wanted
                     WHERE NOT EXISTS (
                         SELECT 1 FROM json_each(document_rows.labels) AS label
                         WHERE label.key = wanted.key AND label.value = wanted.value))
             ORDER BY document_id LIMIT ?5",
        )
        .bind(&caller.tenant)
        .bind(collection.as_str())
        .bind(after)
        .bind(to_json(labels)?)
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        list.iter().map(document).collect()
    }

    async fn update_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        update: &MetadataUpdate,
    ) -> Result<Updated, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let Some(found) = live(&mut *transaction, caller, name).await? else {
            return Ok(Updated::NotFound);
        };
        let known = document(&found)?;
        if let Some(refusal) = update.refusal(&known) {
            return Ok(refusal);
        }
        let updated = update.applied(known);
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
        let MetadataUpdate { metadata, now, .. } = update;
        let ended =
            upload_end::fail_overlapping(&mut transaction, &updated.uid, metadata, *now).await?;
        let version = updated.current.as_ref().map(|current| current.version);
        upload_end::record_change(&mut transaction, &updated.uid, version, version, *now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Updated::Document(Box::new(updated), ended))
    }

    async fn delete_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        deletion: &Deletion,
    ) -> Result<Deleted, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        if let Some(known) = deletions::known(&mut transaction, caller, deletion).await? {
            return Ok(known);
        }
        let Some(found) = live(&mut *transaction, caller, name).await? else {
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
}

/// Returns the document of that name, unless it or its collection is deleted.
pub(super) async fn live(
    executor: impl SqliteExecutor<'_>,
    caller: &Caller,
    name: &DocumentName,
) -> Result<Option<SqliteRow>, Error> {
    sqlx::query(common_statements::documents::LIVE)
        .bind(&caller.tenant)
        .bind(name.collection.as_str())
        .bind(name.document.as_str())
        .fetch_optional(executor)
        .await
        .map_err(failed)
}
