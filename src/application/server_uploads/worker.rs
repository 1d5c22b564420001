//! Goes on with the uploads whose bytes the server itself has, until none is left: one at a time, by the
//! instance that holds the lease, so that no call waits for them.
//!
//! Two instances may both believe for a while that they hold the lease. That does no harm: each
//! attaches to the upload as a writer, which raises its epoch, and every commit compares epoch and
//! offset. The older one's next commit changes nothing, and it stops; what the newer one goes on
//! from is the last commit of either.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::maintenance::lease::Lease;
use crate::application::ports::store_error;
use crate::application::ports::uploads::Upload;
use crate::application::server_uploads::source::Origin;
use crate::application::uploads::attached::Attached;
use crate::application::uploads::lifecycle::Uploads;

/// Uploads that are tried in a round: while one has to wait, those behind it need not.
const ROUND_ROWS: u32 = 16;

/// Does the uploads of an origin.
#[derive(Clone, Debug)]
pub struct Copier {
    /// Where their bytes come from.
    pub origin: Arc<dyn Origin>,
    /// Where their bytes go.
    pub uploads: Uploads,
    /// Who does the work.
    pub lease: Lease,
    /// Told when one was started here.
    pub asked: Arc<Notify>,
    /// How often it is looked for those that were started elsewhere, or could not be gone on with.
    pub look_every: Duration,
}

impl Copier {
    /// Works until `drain` is cancelled.
    pub async fn run(self, drain: CancellationToken) {
        while !drain.is_cancelled() {
            let has_ended_some = self.round(&drain).await.unwrap_or_else(|error| {
                let error = &error as &dyn std::error::Error;
                tracing::error!(
                    error,
                    "what the server itself uploads could not be gone on with"
                );
                false
            });
            // Some that were behind may be in the next round.
            if !has_ended_some {
                tokio::select! {
                    () = self.asked.notified() => {}
                    () = tokio::time::sleep(self.look_every) => {}
                    () = drain.cancelled() => {}
                }
            }
        }
    }

    /// Tries the oldest, one after the other; returns whether one has ended.
    async fn round(&self, drain: &CancellationToken) -> Result<bool, Error> {
        let mut has_ended_some = false;
        for upload in self.origin.running(ROUND_ROWS).await? {
            let is_ours = self.lease.claim().await?.is_some();
            if !is_ours || drain.is_cancelled() {
                return Ok(false);
            }
            has_ended_some |= self.go_on(&upload, drain).await?;
        }
        Ok(has_ended_some)
    }

    /// Goes on with an upload while the lease is held; returns whether it has ended.
    async fn go_on(&self, upload: &Upload, drain: &CancellationToken) -> Result<bool, Error> {
        let caller = Caller::of_tenant(&upload.tenant);
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
                tracing::warn!(error, "an upload of the server will be gone on with later");
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Feeds the upload from where it was left.
    async fn copy(
        &self,
        caller: &Caller,
        upload: &Upload,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let memory = self.uploads.enter(caller).await?;
        let opened = self.uploads.open(caller, upload, memory).await?;
        let Attached::Open(mut pipeline) = opened else {
            return Ok(());
        };
        let at = pipeline.received();
        let mut source = self.origin.open(caller, upload, at).await?;
        pipeline.declare(source.declared())?;
        while let Some(write) = source.next().await? {
            pipeline.write(write).await?;
            if stop.is_cancelled() {
                pipeline.flush().await?;
                return Err(Error::Draining);
            }
        }
        pipeline.finish().await
    }
}

/// The reason of an error that is the same at every attempt.
fn lasting(error: &Error) -> Option<&'static str> {
    let reasons = [
        (
            matches!(error, Error::SourceNotRecoverable),
            "SOURCE_NOT_RECOVERABLE",
        ),
        (matches!(error, Error::SourceChanged), "SOURCE_CHANGED"),
        (matches!(error, Error::VersionGone), "VERSION_GONE"),
        (matches!(error, Error::Checkpoint(_)), "CHECKPOINT_VERSION"),
        // Sources may be shorter now than when this one was taken.
        (matches!(error, Error::Invalid { .. }), "SOURCE_TOO_LARGE"),
        (
            matches!(error, Error::Store(store_error::Error::Damaged { .. })),
            "STORE_DAMAGED",
        ),
    ];
    let found = reasons.into_iter().find(|(is_it, _)| *is_it);
    found.map(|(_, reason)| reason)
}

/// Whether the upload has ended: its source was refused, or somebody else has ended it or taken it over.
fn has_ended(error: &Error) -> bool {
    matches!(
        error,
        Error::Superseded
            | Error::DocumentDeleted
            | Error::DocumentDeletedSince
            | Error::UploadEnded { .. }
            | Error::Content(_)
            | Error::UnsupportedContent { .. }
            | Error::SourceTooLarge { .. }
            | Error::NotFound { .. }
    )
}
