//! Rechunks in PostgreSQL.

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};

use crate::application::caller::Caller;
use crate::application::ports::documents::Document;
use crate::application::ports::rechunks::{NewRechunk, Rechunks, Started};
use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;
use crate::domain::names::uid::DocumentUid;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::documents::held;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::partition_table;
use crate::infrastructure::postgres::retry::{read, transact};
use crate::infrastructure::postgres::upload_row::upload_of;
use crate::infrastructure::postgres::{operations, upload_start};
use crate::infrastructure::rows::document::document;
use crate::infrastructure::rows::upload::upload;

#[async_trait]
impl Rechunks for Postgres {
    async fn start_rechunk(&self, caller: &Caller, new: &NewRechunk) -> Result<Started, Error> {
        transact(|_| start(&self.pool, caller, new)).await
    }

    async fn running_rechunks(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(common_statements::uploads::RUNNING_RECHUNKS)
            .bind(i64::from(rows))
            .fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(upload).collect()
    }
}

async fn start(pool: &PgPool, caller: &Caller, new: &NewRechunk) -> Result<Started, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    match operations::is_repeated(&mut *transaction, caller, &new.uid, &new.request_sha256).await? {
        None => {}
        Some(false) => return Ok(Started::OtherRequest),
        Some(true) => {
            let known = upload_of(&mut *transaction, caller, &new.uid).await?;
            let known = known.ok_or_else(|| damaged("a rechunk that was found"))?;
            return Ok(Started::Rechunk(Box::new(known)));
        }
    }
    let Some(found) = held(&mut transaction, caller, &new.document).await? else {
        return Ok(Started::NotFound);
    };
    let known = document(&found)?;
    let id = &new.document.collection;
    let found = upload_start::collection(&mut transaction, caller, id).await?;
    let Some((collection, preferences)) = found else {
        return Ok(Started::NotFound);
    };
    // A wrong argument is reported before the document's state.
    if let Err(conflict) = new.chunking.over(&preferences.chunking) {
        return Ok(Started::Conflict(conflict));
    }
    let Some(source) = &known.current else {
        return Ok(Started::NoCurrentVersion);
    };
    if has_running(&mut transaction, &known.uid).await? {
        return Ok(Started::UploadRunning);
    }
    let keeps_mark = keeps_mark(&mut transaction, caller, &known, source.version).await?;
    let upload = new.upload(&known, source, keeps_mark);
    let (spec, decoding) = match upload.preferences.over(&preferences) {
        Ok(merged) => merged,
        Err(conflict) => return Ok(Started::Conflict(conflict)),
    };
    let document =
        upload_start::take_version(&mut transaction, caller, &upload, &collection).await?;
    upload_start::insert_version(&mut transaction, &document, &spec, source.decoding).await?;
    upload_start::insert(
        &mut transaction,
        caller,
        &upload,
        &document,
        &spec,
        decoding,
    )
    .await?;
    let upload = upload_of(&mut *transaction, caller, &new.uid).await?;
    transaction.commit().await.map_err(failed)?;
    let upload = upload.ok_or_else(|| damaged("a rechunk that was inserted"))?;
    Ok(Started::Rechunk(Box::new(upload)))
}

/// Whether the document has a running upload.
async fn has_running(connection: &mut PgConnection, document: &DocumentUid) -> Result<bool, Error> {
    let found =
        sqlx::query("SELECT 1 FROM uploads WHERE document_uid = $1 AND state = 'RUNNING' LIMIT 1")
            .bind(document)
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    Ok(found.is_some())
}

/// Whether the text of a version begins with the byte order mark of its source.
async fn keeps_mark(
    connection: &mut PgConnection,
    caller: &Caller,
    document: &Document,
    version: u64,
) -> Result<bool, Error> {
    let statement = partition_table::on(
        document.partition,
        "SELECT 1 FROM chunks_pNN
         WHERE partition_key = key_NN AND document_uid = $2 AND version = $3 AND ordinal = 0 AND start_source = 0
             AND substr(text, 1, 1) = $4
             AND EXISTS (SELECT 1 FROM documents WHERE uid = $2 AND tenant = $1)",
    )?;
    let found = sqlx::query(statement)
        .bind(&caller.tenant)
        .bind(document.uid)
        .bind(stored(version))
        .bind("\u{FEFF}")
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    Ok(found.is_some())
}
