//! The pipeline of an upload's bytes: message → engine → batch → commit → update.
//!
//! One batch fills while another is transferred to the store and a third is committed; there is no other buffer.
//! While all three are in use, the next message is not read. The client's flow-control window then closes, and the
//! client waits.

use std::time::Duration;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::upload::UploadMemory;
use crate::application::ports::uploads::{Declared, Upload, UploadEnd, Writer};
use crate::application::store_error;
use crate::application::uploads::commits::{Commits, Committed};
use crate::application::uploads::replay::stored_bytes::StoredBytes;
use crate::application::uploads::services::PipelineServices;
use crate::application::uploads::write::Write;
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::ingest::batch::Gathered;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest;
use crate::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step, Summary};
use crate::domain::operation::failure::{Failure, FailureReason};
use crate::domain::operation::state::State;
use crate::domain::text::encoding::decoding::Fault;

/// Returns why an ended upload accepts no bytes. `None` means that it has not ended. The caller decides about an
/// upload that has succeeded.
#[must_use]
pub fn ended(upload: &Upload) -> Option<Error> {
    let state = upload.state.name();
    let reason = upload.failure.as_ref().map(|failure| failure.reason);
    match (upload.state, reason) {
        (State::Running, _) => None,
        (State::Failed, Some(FailureReason::DocumentDeleted)) => Some(Error::DocumentDeleted),
        (State::Failed, Some(FailureReason::MetadataChanged)) => Some(Error::MetadataChanged),
        (State::Failed, Some(FailureReason::UploadSuperseded)) => Some(Error::Superseded),
        (State::Succeeded | State::Failed | State::Cancelled, _) => {
            Some(Error::UploadEnded { state })
        }
    }
}

/// The writer of an upload.
#[derive(Debug)]
pub struct Pipeline {
    services: PipelineServices,
    engine: Engine,
    counts_tokens: bool,
    writer: Writer,
    /// Whether the bytes come from a stored version.
    is_rechunk: bool,
    declared: Declared,
    /// The bytes committed before this writer, and the position of its stream in them.
    stored: StoredBytes,
    /// The offset of the next byte of the source.
    received: u64,
    commits: Commits,
    memory: UploadMemory,
}

impl Pipeline {
    /// Starts, or resumes from the upload's checkpoint.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint is of another engine version, or the stored data is damaged.
    pub fn new(
        services: PipelineServices,
        caller: Caller,
        (upload, spec): (&Upload, &LoadedSpec),
        memory: UploadMemory,
    ) -> Result<Self, Error> {
        let decoding = upload.decoding;
        let (engine, committed_sha256) = if let Some(checkpoint) = &upload.checkpoint {
            let checkpoint = Checkpoint::decode(checkpoint)?;
            let engine = Engine::resume(spec, decoding, BATCH_BYTES_MIN, &checkpoint)?;
            (engine, checkpoint.source_sha256()?)
        } else {
            let engine = Engine::new(spec, decoding, BATCH_BYTES_MIN);
            (engine, digest::sha256(b""))
        };
        Ok(Self {
            services,
            engine,
            counts_tokens: spec.spec().tokenizer().is_some(),
            writer: Writer::attached(caller, upload),
            is_rechunk: upload.is_rechunk(),
            declared: upload.declared,
            stored: StoredBytes::prefix(upload.committed_offset, committed_sha256),
            received: upload.committed_offset,
            commits: Commits::new(),
            memory,
        })
    }

    /// Returns the offset of the next byte of the source.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Adds the client's declarations about the whole source. Earlier declarations still hold.
    ///
    /// # Errors
    ///
    /// Fails if they contradict an earlier declaration, or exceed the longest allowed source.
    pub fn declare(&mut self, declared: Declared) -> Result<(), Error> {
        let most = self.services.bounds.source_bytes_max;
        if declared.total_size.is_some_and(|size| size > most) {
            return Err(Error::invalid(
                "total_size",
                format!("must be at most {most}"),
            ));
        }
        if self.declared.contradicts(&declared) {
            return Err(Error::RequestIdReused { differs: "content" });
        }
        self.declared = Declared {
            sha256: declared.sha256.or(self.declared.sha256),
            total_size: declared.total_size.or(self.declared.total_size),
        };
        Ok(())
    }

    /// Receives a message. Committed bytes at the beginning of the stream are compared and skipped.
    ///
    /// # Errors
    ///
    /// Fails as [`StoredBytes::take`] does, if another writer has taken over, or if the store fails. Also fails if the
    /// content is refused or exceeds the declared size; then the upload has failed for good.
    pub async fn write(&mut self, write: Write) -> Result<(), Error> {
        self.memory.receive(write.content.len());
        let mut rest = self.stored.take(&write)?;
        let actual = self.received + rest.len() as u64;
        let most = self.services.bounds.source_bytes_max;
        if actual > most {
            let error = Error::SourceTooLarge { most };
            return Err(self.refuse(FailureReason::SourceTooLarge, error).await);
        }
        if let Some(expected) = self.declared.total_size.filter(|size| actual > *size) {
            let error = Error::SizeMismatch { expected, actual };
            return Err(self.refuse(FailureReason::SizeMismatch, error).await);
        }
        while !rest.is_empty() {
            self.take_memory().await?;
            let taken = self.engine.feed(rest);
            self.received += taken as u64;
            rest = &rest[taken..];
            self.work().await?;
        }
        Ok(())
    }

    /// Starts to commit the decided chunks, without waiting for the end of the commit.
    ///
    /// # Errors
    ///
    /// As for [`Pipeline::flush`], for an earlier commit.
    pub async fn hand_over(&mut self) -> Result<(), Error> {
        match self.engine.flush() {
            Some(batch) => self.commit(batch).await,
            None => Ok(()),
        }
    }

    /// Returns the duration of the newest commit that was settled since the last call. Zero if there was none.
    pub fn take_commit_took(&mut self) -> Duration {
        self.commits.take_took()
    }

    /// Commits the decided chunks.
    ///
    /// # Errors
    ///
    /// Fails if the store does, or another writer has taken over.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.hand_over().await?;
        self.settle().await
    }

    /// Ends the source: commits the rest and makes the version current.
    ///
    /// # Errors
    ///
    /// Fails if the source is refused or differs from its declarations; then the upload has failed for good. Also
    /// fails if the store does, or another writer has taken over.
    pub async fn finish(mut self) -> Result<(), Error> {
        let declared = self.declared;
        let actual = self.received;
        if let Some(expected) = declared.total_size.filter(|expected| *expected != actual) {
            return Err(self
                .refuse(
                    FailureReason::SizeMismatch,
                    Error::SizeMismatch { expected, actual },
                )
                .await);
        }
        self.take_memory().await?;
        self.engine.finish();
        let Some(summary) = self.work().await? else {
            return Err(damaged("an engine without an end").into());
        };
        let actual = summary.source_sha256;
        if let Some(expected) = declared.sha256.filter(|expected| *expected != actual) {
            let error = Error::DigestMismatch { expected, actual };
            return Err(self.refuse(FailureReason::DigestMismatch, error).await);
        }
        self.settle().await?;
        self.end(UploadEnd::Succeeded(summary)).await
    }

    /// Runs the steps of the engine until it needs bytes, or is done.
    async fn work(&mut self) -> Result<Option<Summary>, Error> {
        loop {
            let engine = &mut self.engine;
            let step = self
                .services
                .specs
                .run(self.counts_tokens, || engine.step());
            match step.await? {
                Ok(Step::Feed) => return Ok(None),
                Ok(Step::Store(batch)) => {
                    self.commit(batch).await?;
                    if !self.engine.is_done() {
                        self.take_memory().await?;
                    }
                }
                Ok(Step::Done(summary)) => return Ok(Some(summary)),
                Err(fault @ Fault::Binary { .. }) => {
                    return Err(self
                        .refuse(FailureReason::UnsupportedContent, fault.into())
                        .await);
                }
                Err(fault) => {
                    return Err(self
                        .refuse(FailureReason::InvalidContent, fault.into())
                        .await);
                }
            }
        }
    }

    /// Takes the memory to work in. While other uploads are first in line, this one holds no memory that they wait
    /// for.
    async fn take_memory(&mut self) -> Result<(), Error> {
        if !self.memory.try_work() {
            self.hand_over().await?;
            self.rest();
            self.memory.wait().await?;
        }
        self.engine.set_batch_bytes_max(self.memory.batch_bytes());
        Ok(())
    }

    /// Releases the memory that is not needed until the next message.
    pub fn rest(&mut self) {
        self.engine.rest();
        self.memory.rest(self.engine.has_batch());
    }

    async fn commit(&mut self, batch: Gathered) -> Result<(), Error> {
        let memory = self.memory.take_batch();
        let commits = &mut self.commits;
        let started = commits
            .start(&self.services, &mut self.writer, batch, memory)
            .await?;
        self.still_ours(started).await
    }

    /// Waits for the commits in progress.
    async fn settle(&mut self) -> Result<(), Error> {
        let settled = self.commits.settle().await?;
        self.still_ours(settled).await
    }

    async fn still_ours(&self, committed: Committed) -> Result<(), Error> {
        match committed {
            Committed::Ours => Ok(()),
            Committed::Lost => Err(self.reason_of_loss().await?),
        }
    }

    /// Ends the upload as failed, and returns the error.
    async fn refuse(&mut self, reason: FailureReason, error: Error) -> Error {
        if let Err(error) = self.settle().await {
            return error;
        }
        // The bytes that a rechunk recovers from a version must be its source. If they are refused, they are not.
        let (reason, error) = if self.is_rechunk {
            (
                FailureReason::SourceNotRecoverable,
                Error::SourceNotRecoverable,
            )
        } else {
            (reason, error)
        };
        let message = error.to_string();
        self.end(UploadEnd::Failed(Failure { reason, message }))
            .await
            .err()
            .unwrap_or(error)
    }

    async fn end(&self, end: UploadEnd) -> Result<(), Error> {
        let now = self.services.clock.now();
        let sweep_after = now.plus(self.services.bounds.old_version_kept);
        let store = &self.services.store;
        let ended = store
            .end_upload(&self.writer, end, now, sweep_after)
            .await?;
        match ended {
            Some(operation) => self.services.bus.publish(operation),
            None => return Err(self.reason_of_loss().await?),
        }
        Ok(())
    }

    /// Returns the reason why this writer has lost the upload.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn reason_of_loss(&self) -> Result<Error, Error> {
        let upload = self
            .services
            .store
            .upload(&self.writer.caller, &self.writer.uid)
            .await?;
        let upload = upload.ok_or(Error::NotFound { kind: "upload" })?;
        // A writer that attached later may have ended the upload since.
        let is_ours = upload.writer_epoch == self.writer.epoch;
        Ok(ended(&upload)
            .filter(|_| is_ours)
            .unwrap_or(Error::Superseded))
    }
}

fn damaged(what: &'static str) -> store_error::Error {
    store_error::Error::Damaged { what, source: None }
}
