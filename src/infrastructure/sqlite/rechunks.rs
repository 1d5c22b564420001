//! Rechunks in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::application::caller::Caller;
use crate::application::ports::documents::Document;
use crate::application::ports::rechunks::{NewRechunk, Rechunks, Started};
use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;
use crate::domain::names::uid::DocumentUid;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::document::document;
use crate::infrastructure::rows::upload::upload;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::documents::live;
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::upload_row::upload_of;
use crate::infrastructure::sqlite::{operations, upload_start};

#[async_trait]
impl Rechunks for Sqlite {
    async fn start_rechunk(&self, caller: &Caller, new: &NewRechunk) -> Result<Started, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        match operations::is_repeated(&mut *transaction, caller, &new.uid, &new.request_sha256)
            .await?
        {
            None => {}
            Some(false) => return Ok(Started::OtherRequest),
            Some(true) => {
                let known = upload_of(&mut *transaction, caller, &new.uid).await?;
                let known = known.ok_or_else(|| damaged("a rechunk that was found"))?;
                return Ok(Started::Rechunk(Box::new(known)));
            }
        }
        let Some(found) = live(&mut *transaction, caller, &new.document).await? else {
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

    async fn running_rechunks(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(common_statements::uploads::RUNNING_RECHUNKS)
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        list.iter().map(upload).collect()
    }
}

/// Whether the document has a running upload. The plus makes SQLite read the document's few uploads instead of all
/// running ones, which may be many.
async fn has_running(
    connection: &mut SqliteConnection,
    document: &DocumentUid,
) -> Result<bool, Error> {
    let found =
        sqlx::query("SELECT 1 FROM uploads WHERE document_uid = ? AND +state = 'RUNNING' LIMIT 1")
            .bind(document)
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    Ok(found.is_some())
}

/// Whether the text of a version begins with the byte order mark of its source.
async fn keeps_mark(
    connection: &mut SqliteConnection,
    caller: &Caller,
    document: &Document,
    version: u64,
) -> Result<bool, Error> {
    let found = sqlx::query(
        "SELECT 1 FROM chunks
         JOIN documents ON documents.uid = chunks.document_uid AND documents.tenant = ?
         WHERE chunks.partition_key = ? AND chunks.document_uid = ? AND chunks.version = ?
             AND chunks.ordinal = 0 AND chunks.start_source = 0 AND substr(chunks.text, 1, 1) = ?",
    )
    .bind(&caller.tenant)
    .bind(document.partition)
    .bind(document.uid)
    .bind(stored(version))
    .bind("\u{FEFF}")
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    Ok(found.is_some())
}
