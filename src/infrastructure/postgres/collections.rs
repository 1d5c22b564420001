//! Collections in PostgreSQL.

use async_trait::async_trait;
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::application::caller::Caller;
use crate::application::ports::collections::{Collection, Collections, Deleted, Deletion, Written};
use crate::application::store_error::Error;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;
use crate::domain::operation::target::Target;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::deletions;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::{look_up, read, transact};
use crate::infrastructure::postgres::upload_end;
use crate::infrastructure::rows::collection::{collection, created_before};
use crate::infrastructure::rows::deletion::DeletionTarget;
use crate::infrastructure::rows::preferences;

#[async_trait]
impl Collections for Postgres {
    async fn create_collection(
        &self,
        caller: &Caller,
        new: &Collection,
        request_sha256: &[u8; 32],
    ) -> Result<Written, Error> {
        transact(|_| create(&self.pool, caller, new, request_sha256)).await
    }

    async fn update_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        revision: u64,
        preferences: &Preferences,
        now: Timestamp,
    ) -> Result<Written, Error> {
        let updated = sqlx::query(common_statements::collections::UPDATE)
            .bind(preferences::encoded(preferences)?)
            .bind(now)
            .bind(&caller.tenant)
            .bind(id.as_str())
            .bind(stored(revision))
            .fetch_optional(&self.pool);
        let updated = read(updated).await?;
        if let Some(updated) = updated {
            return Ok(Written::Collection(Box::new(collection(&updated)?)));
        }
        Ok(match self.collection(caller, id).await? {
            Some(_) => Written::Changed,
            None => Written::Refused,
        })
    }

    async fn delete_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        force: bool,
        deletion: &Deletion,
    ) -> Result<Deleted, Error> {
        transact(|_| delete(&self.pool, caller, id, force, deletion)).await
    }

    async fn collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
    ) -> Result<Option<Collection>, Error> {
        look_up(live(&self.pool, caller, id)).await
    }

    async fn collections(
        &self,
        caller: &Caller,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Collection>, Error> {
        let list = read(
            sqlx::query(common_statements::collections::COLLECTIONS)
                .bind(&caller.tenant)
                .bind(after)
                .bind(i64::from(rows))
                .fetch_all(&self.pool),
        )
        .await?;
        list.iter().map(collection).collect()
    }
}

async fn create(
    pool: &PgPool,
    caller: &Caller,
    new: &Collection,
    request_sha256: &[u8; 32],
) -> Result<Written, Error> {
    let created = sqlx::query(common_statements::collections::INSERT)
        .bind(new.uid)
        .bind(&caller.tenant)
        .bind(new.id.as_str())
        .bind(preferences::encoded(&new.preferences)?)
        .bind(new.created_at)
        .bind(new.updated_at)
        .bind(request_sha256.to_vec())
        .execute(pool)
        .await
        .map_err(failed)?;
    if created.rows_affected() == 1 {
        return Ok(Written::Collection(Box::new(new.clone())));
    }
    let known = sqlx::query(common_statements::collections::COLLECTION_OF)
        .bind(new.uid)
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    match known {
        Some(known) => created_before(&known, request_sha256),
        None => Ok(Written::Refused),
    }
}

async fn delete(
    pool: &PgPool,
    caller: &Caller,
    id: &CollectionId,
    force: bool,
    deletion: &Deletion,
) -> Result<Deleted, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    if let Some(known) = deletions::known(&mut transaction, caller, deletion).await? {
        return Ok(known);
    }
    let Some(found) = held(&mut transaction, caller, id).await? else {
        return Ok(Deleted::NotFound);
    };
    if deletion.expects_other(found.revision) {
        return Ok(Deleted::Changed);
    }
    let documents = sqlx::query(common_statements::collections::FIRST_DOCUMENT)
        .bind(found.uid)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
    if documents.is_some() && !force {
        return Ok(Deleted::NotEmpty);
    }
    sqlx::query(common_statements::collections::DELETE)
        .bind(deletion.now)
        .bind(found.uid)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let ended = upload_end::fail_running_in(&mut transaction, &found.uid, deletion.now).await?;
    let target = DeletionTarget {
        name: Target::Collection(id.clone()),
        document: None,
        collection: found.uid,
    };
    let operation = deletions::insert(&mut transaction, caller, deletion, target).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Deleted::Operation(Box::new(operation), ended))
}

/// Returns the collection and locks its row, so that no document can be created in it meanwhile.
async fn held(
    connection: &mut PgConnection,
    caller: &Caller,
    id: &CollectionId,
) -> Result<Option<Collection>, Error> {
    let found = sqlx::query(
        "SELECT * FROM collections
         WHERE tenant = $1 AND collection_id = $2 AND deleted_at IS NULL FOR UPDATE",
    )
    .bind(&caller.tenant)
    .bind(id.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    found.as_ref().map(collection).transpose()
}

async fn live(
    executor: impl PgExecutor<'_>,
    caller: &Caller,
    id: &CollectionId,
) -> Result<Option<Collection>, Error> {
    let found = sqlx::query(common_statements::collections::LIVE)
        .bind(&caller.tenant)
        .bind(id.as_str())
        .fetch_optional(executor)
        .await
        .map_err(failed)?;
    found.as_ref().map(collection).transpose()
}
