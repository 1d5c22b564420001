//! Uploads in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgPool;

use crate::application::caller::Caller;
use crate::application::commit_order::CommitTicket;
use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::{NewUpload, Started, Upload, UploadEnd, Uploads, Writer};
use crate::application::store_error::Error;
use crate::domain::ingest::batch::Batch;
use crate::domain::names::uid::{DocumentUid, OperationUid};
use crate::domain::operation::failure::FailureReason;
use crate::domain::operation::state::State;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::damaged;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::retry::{look_up, read, transact, transact_patiently};
use crate::infrastructure::postgres::upload_row::upload_of;
use crate::infrastructure::postgres::{
    deletions, operations, placement, upload_commit, upload_end, upload_start,
};
use crate::infrastructure::rows::upload::upload;

#[async_trait]
impl Uploads for Postgres {
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error> {
        if let Err(error) = self.sums.renew(&self.pool).await {
            // Older sums place a document nearly as well.
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the sums of partitions could not be renewed");
        }
        transact(|_| start(&self.pool, caller, new)).await
    }

    async fn attach_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Upload>, Error> {
        transact(|_| attach(&self.pool, caller, uid, now)).await
    }

    async fn upload(&self, caller: &Caller, uid: &OperationUid) -> Result<Option<Upload>, Error> {
        look_up(upload_of(&self.pool, caller, uid)).await
    }

    async fn newest_upload(
        &self,
        caller: &Caller,
        document: &DocumentUid,
    ) -> Result<Option<Upload>, Error> {
        let found = sqlx::query(common_statements::uploads::NEWEST)
            .bind(&caller.tenant)
            .bind(document)
            .fetch_optional(&self.pool);
        read(found).await?.as_ref().map(upload).transpose()
    }

    async fn commit_batch(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        turn: &CommitTicket,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        if !turn.to_begin().await {
            return Ok(None);
        }
        transact_patiently(|before| {
            upload_commit::commit(&self.pool, writer, batch, turn, (now, before))
        })
        .await
    }

    async fn end_upload(
        &self,
        writer: &Writer,
        end: UploadEnd,
        now: Timestamp,
        sweep_after: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let end = &end;
        transact_patiently(|before| finish(&self.pool, writer, end, (now, sweep_after), before))
            .await
    }

    async fn cancel_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        transact(|_| cancel(&self.pool, caller, uid, now)).await
    }
}

async fn start(pool: &PgPool, caller: &Caller, new: &NewUpload) -> Result<Started, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    match operations::is_repeated(&mut *transaction, caller, &new.uid, &new.request_sha256).await? {
        None => {}
        Some(false) => return Ok(Started::OtherRequest),
        Some(true) => {
            let known = upload_of(&mut *transaction, caller, &new.uid).await?;
            let known = known.ok_or_else(|| damaged("an upload that was found"))?;
            return Ok(Started::Upload(Box::new(known), vec![]));
        }
    }
    let id = &new.document.collection;
    let mut found = upload_start::collection(&mut transaction, caller, id).await?;
    if found.is_none() && id.is_default() {
        upload_start::create_default(&mut transaction, caller, new).await?;
        found = upload_start::collection(&mut transaction, caller, id).await?;
    }
    let Some((collection, preferences)) = found else {
        return Ok(Started::NoCollection);
    };
    let (spec, decoding) = match new.preferences.over(&preferences) {
        Ok(merged) => merged,
        Err(conflict) => return Ok(Started::Conflict(conflict)),
    };
    let created = upload_start::document(&mut transaction, caller, new, &collection).await?;
    let superseded = upload_end::fail_running(
        &mut transaction,
        &created.uid,
        FailureReason::UploadSuperseded,
        "a newer upload of the same document was started",
        new.now,
    )
    .await?;
    upload_start::insert_version(&mut transaction, &created.uid, &spec, decoding).await?;
    upload_start::insert(&mut transaction, caller, new, &created.uid, &spec, decoding).await?;
    let upload = upload_of(&mut *transaction, caller, &new.uid).await?;
    if let Some(partition) = created.placed {
        placement::count(&mut transaction, partition).await?;
    }
    transaction.commit().await.map_err(failed)?;
    let upload = upload.ok_or_else(|| damaged("an upload that was inserted"))?;
    Ok(Started::Upload(Box::new(upload), superseded))
}

async fn attach(
    pool: &PgPool,
    caller: &Caller,
    uid: &OperationUid,
    now: Timestamp,
) -> Result<Option<Upload>, Error> {
    // The row is read in the same transaction, so two writers that attach at once get two epochs.
    let mut transaction = pool.begin().await.map_err(failed)?;
    sqlx::query(
        "UPDATE uploads SET writer_epoch = writer_epoch + 1, updated_at = greatest(updated_at, $1)
         WHERE tenant = $2 AND uid = $3 AND state = 'RUNNING'",
    )
    .bind(now)
    .bind(&caller.tenant)
    .bind(uid)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    let attached = upload_of(&mut *transaction, caller, uid).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(attached)
}

async fn finish(
    pool: &PgPool,
    writer: &Writer,
    end: &UploadEnd,
    (now, sweep_after): (Timestamp, Timestamp),
    before: u32,
) -> Result<Option<Operation>, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    upload_end::hold_document(&mut transaction, &writer.caller, &writer.uid).await?;
    if !upload_end::end(&mut transaction, writer, end, now).await? {
        transaction.rollback().await.map_err(failed)?;
        // An earlier attempt may have ended the upload, and its answer was lost.
        return if before > 0 {
            upload_end::ended(pool, writer, end).await
        } else {
            Ok(None)
        };
    }
    let upload = upload_of(&mut *transaction, &writer.caller, &writer.uid).await?;
    let upload = upload.ok_or_else(|| damaged("an upload that was ended"))?;
    match end {
        UploadEnd::Succeeded(summary) => {
            upload_end::complete(&mut transaction, &upload, summary, now).await?;
            upload_end::make_current(&mut transaction, &upload, now, sweep_after).await?;
        }
        UploadEnd::Failed(_) => {
            let document = &upload.document_uid;
            let version = upload.version;
            upload_end::sweep(&mut transaction, document, version, now).await?;
            deletions::give_up_empty(&mut transaction, document, now).await?;
        }
    }
    transaction.commit().await.map_err(failed)?;
    Ok(Some(upload.operation()))
}

async fn cancel(
    pool: &PgPool,
    caller: &Caller,
    uid: &OperationUid,
    now: Timestamp,
) -> Result<Option<Operation>, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    upload_end::hold_document(&mut transaction, caller, uid).await?;
    let cancelled = sqlx::query(common_statements::uploads::CANCEL)
        .bind(State::Cancelled.name())
        .bind(now)
        .bind(&caller.tenant)
        .bind(uid)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    if cancelled.rows_affected() == 0 {
        return Ok(None);
    }
    let upload = upload_of(&mut *transaction, caller, uid).await?;
    let upload = upload.ok_or_else(|| damaged("an upload that was cancelled"))?;
    upload_end::sweep(&mut transaction, &upload.document_uid, upload.version, now).await?;
    deletions::give_up_empty(&mut transaction, &upload.document_uid, now).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(upload.operation()))
}
