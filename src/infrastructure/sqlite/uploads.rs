//! Uploads in SQLite.

use std::sync::Arc;

use async_trait::async_trait;

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
use crate::infrastructure::rows::upload::upload;
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::upload_row::upload_of;
use crate::infrastructure::sqlite::{deletions, operations, upload_end, upload_start};

#[async_trait]
impl Uploads for Sqlite {
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        match operations::is_repeated(&mut *transaction, caller, &new.uid, &new.request_sha256)
            .await?
        {
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
        let document = upload_start::document(&mut transaction, caller, new, &collection).await?;
        let superseded = upload_end::fail_running(
            &mut transaction,
            &document,
            FailureReason::UploadSuperseded,
            "a newer upload of the same document was started",
            new.now,
        )
        .await?;
        upload_start::insert_version(&mut transaction, &document, &spec, decoding).await?;
        upload_start::insert(&mut transaction, caller, new, &document, &spec, decoding).await?;
        let upload = upload_of(&mut *transaction, caller, &new.uid).await?;
        transaction.commit().await.map_err(failed)?;
        let upload = upload.ok_or_else(|| damaged("an upload that was inserted"))?;
        Ok(Started::Upload(Box::new(upload), superseded))
    }

    async fn attach_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Upload>, Error> {
        // The row is read in the same transaction, so two writers that attach at once get two epochs.
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        sqlx::query(
            "UPDATE uploads SET writer_epoch = writer_epoch + 1, updated_at = max(updated_at, ?)
             WHERE tenant = ? AND uid = ? AND state = 'RUNNING'",
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

    async fn upload(&self, caller: &Caller, uid: &OperationUid) -> Result<Option<Upload>, Error> {
        upload_of(&self.readers, caller, uid).await
    }

    async fn newest_upload(
        &self,
        caller: &Caller,
        document: &DocumentUid,
    ) -> Result<Option<Upload>, Error> {
        let found = sqlx::query(common_statements::uploads::NEWEST)
            .bind(&caller.tenant)
            .bind(document)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        found.as_ref().map(upload).transpose()
    }

    async fn commit_batch(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        turn: &CommitTicket,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        // SQLite has one writer, so beginning early gains nothing.
        if !turn.to_commit().await {
            return Ok(None);
        }
        self.commit_together(writer, batch, now).await
    }

    async fn end_upload(
        &self,
        writer: &Writer,
        end: UploadEnd,
        now: Timestamp,
        sweep_after: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        if !upload_end::end(&mut transaction, writer, &end, now).await? {
            return Ok(None);
        }
        let upload = upload_of(&mut *transaction, &writer.caller, &writer.uid).await?;
        let upload = upload.ok_or_else(|| damaged("an upload that was ended"))?;
        match &end {
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

    async fn cancel_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
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
}
