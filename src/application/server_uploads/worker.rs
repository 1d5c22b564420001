//! Runs the uploads whose bytes the server has, one at a time, on the instance that holds the lease. No call waits
//! for them.
//!
//! Two instances may believe for a while that they both hold the lease. That does no harm: each attaches to the
//! upload as a writer, which raises its epoch, and every commit compares epoch and offset. The older writer's next
//! commit changes nothing, and it stops. The newer writer resumes from the last commit of either.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::maintenance::lease::Lease;
use crate::application::ports::uploads::Upload;
use crate::application::server_uploads::source::SourceProvider;
use crate::application::store_error;
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::application::uploads::opened_upload::OpenedUpload;
use crate::domain::operation::failure::FailureReason;

/// The most uploads tried in a round: if one has to wait, those behind it need not.
const ROUND_ROWS: u32 = 16;

/// Runs the uploads of one source.
#[derive(Clone, Debug)]
pub struct UploadWorker {
    /// The source of their bytes.
    pub source: Arc<dyn SourceProvider>,
    /// The pipeline for their bytes.
    pub uploads: UploadLifecycle,
    /// The lease of the work.
    pub lease: Lease,
    /// Notified when an upload was started on this instance.
    pub asked: Arc<Notify>,
    /// The interval between two polls for uploads that were started on other instances, or could not be resumed.
    pub poll_interval: Duration,
}

impl UploadWorker {
    /// Runs until `drain` is cancelled.
    pub async fn run(self, drain: CancellationToken) {
        while !drain.is_cancelled() {
            let has_ended_some = self.round(&drain).await.unwrap_or_else(|error| {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "failed to resume imports or rechunks; will retry");
                false
            });
            // The next round may have uploads that were behind these.
            if !has_ended_some {
                tokio::select! {
                    () = self.asked.notified() => {}
                    () = tokio::time::sleep(self.poll_interval) => {}
                    () = drain.cancelled() => {}
                }
            }
        }
    }

    /// Tries the oldest uploads, one after the other. Returns whether one has ended. Those whose tokenizer this instance
    /// lacks are left to other instances.
    async fn round(&self, drain: &CancellationToken) -> Result<bool, Error> {
        let mut has_ended_some = false;
        let mut lacks_some = false;
        for upload in self.source.running(ROUND_ROWS).await? {
            if self.uploads.lacks_tokenizer(&upload).await {
                lacks_some = true;
                continue;
            }
            let is_ours = self.lease.claim().await?.is_some();
            if !is_ours || drain.is_cancelled() {
                return Ok(false);
            }
            has_ended_some |= self.resume(&upload, drain).await?;
        }
        if lacks_some {
            // Another instance may have the tokenizer.
            self.lease.release().await;
        }
        Ok(has_ended_some)
    }

    /// Resumes an upload while the lease is held. Returns whether the upload has ended.
    async fn resume(&self, upload: &Upload, drain: &CancellationToken) -> Result<bool, Error> {
        let caller = Caller::of_tenant(upload.tenant.clone());
        let stop = drain.child_token();
        let copied = self.copy(&caller, upload, &stop);
        tokio::pin!(copied);
        let copied = tokio::select! {
            copied = &mut copied => copied,
            () = self.lease.lost() => {
                stop.cancel();
                copied.await
            }
        };
        let Err(error) = copied else { return Ok(true) };
        if let Some(reason) = lasting(&error) {
            let uid = &upload.uid;
            self.uploads.give_up(&caller, uid, reason, &error).await?;
        } else if !has_ended(&error) {
            if !stop.is_cancelled() {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an import or rechunk was interrupted; will resume");
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Feeds the upload from its last commit on.
    async fn copy(
        &self,
        caller: &Caller,
        upload: &Upload,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let memory = self.uploads.enter(caller).await?;
        let opened = self.uploads.open(caller, upload, memory).await?;
        let OpenedUpload::Open(mut pipeline) = opened else {
            return Ok(());
        };
        let at = pipeline.received();
        let mut reader = self.source.open(caller, upload, at).await?;
        pipeline.declare(reader.declared())?;
        while let Some(write) = reader.next().await? {
            pipeline.write(write).await?;
            if stop.is_cancelled() {
                pipeline.flush().await?;
                return Err(Error::Draining);
            }
        }
        pipeline.finish().await
    }
}

/// Returns the failure reason of an error that every attempt would give. `None` means that a later attempt may
/// succeed.
fn lasting(error: &Error) -> Option<FailureReason> {
    let reasons = [
        (
            matches!(error, Error::SourceNotRecoverable),
            FailureReason::SourceNotRecoverable,
        ),
        (
            matches!(error, Error::SourceChanged),
            FailureReason::SourceChanged,
        ),
        (
            matches!(error, Error::VersionGone),
            FailureReason::VersionGone,
        ),
        (
            matches!(error, Error::Checkpoint(_)),
            FailureReason::CheckpointVersion,
        ),
        // The limit of source lengths may be lower now than when this upload was accepted.
        (
            matches!(error, Error::Invalid { .. }),
            FailureReason::SourceTooLarge,
        ),
        (
            matches!(error, Error::Store(store_error::Error::Damaged { .. })),
            FailureReason::StoreDamaged,
        ),
    ];
    let found = reasons.into_iter().find(|(is_it, _)| *is_it);
    found.map(|(_, reason)| reason)
}

/// Whether the upload has ended: its source was refused, or another writer or request has ended it or taken it over.
fn has_ended(error: &Error) -> bool {
    matches!(
        error,
        Error::Superseded
            | Error::DocumentDeleted
            | Error::MetadataChanged
            | Error::DocumentDeletedSince
            | Error::UploadEnded { .. }
            | Error::Content(_)
            | Error::UnsupportedContent { .. }
            | Error::SourceTooLarge { .. }
            | Error::NotFound { .. }
    )
}
