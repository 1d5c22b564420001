//! Starting, resuming and cancelling uploads.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::events::bus::Subscription;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::upload::UploadMemory;
use crate::application::ports::uploads::{NewUpload, Started, Upload, UploadEnd, Writer};
use crate::application::rate_limit::admission::Admission;
use crate::application::rate_limit::upload_bytes::Allowance;
use crate::application::uploads::flush_timer::FlushSchedule;
use crate::application::uploads::limits::UploadLimits;
use crate::application::uploads::opened_upload::OpenedUpload;
use crate::application::uploads::pipeline::{self, Pipeline};
use crate::application::uploads::replay::repetition::Repetition;
use crate::application::uploads::services::PipelineServices;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::failure::{Failure, FailureReason};
use crate::domain::operation::state::State;

/// The epoch of an upload's first writer.
const FIRST_EPOCH: u64 = 1;

/// The use cases of uploads.
#[derive(Clone, Debug)]
pub struct UploadLifecycle {
    services: PipelineServices,
    budget: MemoryBudget,
    admission: Admission,
}

impl UploadLifecycle {
    /// Creates the use cases over this store, bus and clock.
    #[must_use]
    pub fn new(services: PipelineServices, budget: MemoryBudget, admission: Admission) -> Self {
        Self {
            services,
            budget,
            admission,
        }
    }

    /// Returns the limits of uploads.
    #[must_use]
    pub fn bounds(&self) -> UploadLimits {
        self.services.bounds
    }

    /// Returns the schedule of flushes that all uploads of this instance share.
    #[must_use]
    pub fn flush_schedule(&self) -> FlushSchedule {
        self.services.flush_schedule.clone()
    }

    /// Returns the byte allowance for an upload of the caller.
    #[must_use]
    pub fn allowance(&self, caller: &Caller) -> Allowance {
        self.admission.allowance(caller)
    }

    /// Takes the least share of memory for an upload, before its first message is read.
    ///
    /// # Errors
    ///
    /// Fails if the caller cannot have it in time.
    pub async fn enter(&self, caller: &Caller) -> Result<UploadMemory, Error> {
        UploadMemory::enter(&self.budget, caller).await
    }

    /// Subscribes to the states of an upload from now on.
    #[must_use]
    pub fn subscribe(&self, caller: &Caller, uid: &OperationUid) -> Subscription {
        self.services.bus.subscribe(caller, *uid)
    }

    /// Starts an upload, or resumes the one of the same request.
    ///
    /// # Errors
    ///
    /// Fails if there is no such collection, the uid belongs to a request with other fields, or there is no memory.
    /// Also fails if the upload has failed or was cancelled, or its document was deleted.
    pub async fn start(
        &self,
        caller: &Caller,
        new: &NewUpload,
        memory: UploadMemory,
    ) -> Result<OpenedUpload, Error> {
        let mut new = new.clone();
        self.services
            .specs
            .pin(&mut new.preferences.chunking)
            .await?;
        match self.services.store.start_upload(caller, &new).await? {
            Started::Conflict(conflict) => Err(conflict.into()),
            Started::NoCollection => Err(Error::NotFound { kind: "collection" }),
            Started::OtherRequest => Err(Error::RequestIdReused { differs: "fields" }),
            Started::Upload(upload, _) if upload.declared.contradicts(&new.declared) => {
                Err(Error::RequestIdReused { differs: "content" })
            }
            Started::Upload(upload, superseded) => {
                for operation in superseded {
                    self.services.bus.publish(operation);
                }
                self.open(caller, &upload, memory).await
            }
        }
    }

    /// Resumes an upload. The newest writer wins.
    ///
    /// # Errors
    ///
    /// Fails if there is no such upload, it accepts no bytes from clients, or there is no memory. Also fails if it
    /// has failed or was cancelled, or its checkpoint cannot be resumed.
    pub async fn attach(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        memory: UploadMemory,
    ) -> Result<OpenedUpload, Error> {
        let known = self.get(caller, uid).await?;
        if !known.is_from_client() {
            return Err(Error::NotAClientUpload);
        }
        self.open(caller, &known, memory).await
    }

    /// Attaches to an upload that was just read, whether a client or the server has its bytes.
    ///
    /// # Errors
    ///
    /// As for [`UploadLifecycle::attach`].
    pub async fn open(
        &self,
        caller: &Caller,
        known: &Upload,
        mut memory: UploadMemory,
    ) -> Result<OpenedUpload, Error> {
        if let Some(ended) = ended(known)? {
            return Ok(ended);
        }
        // Memory first: a writer that gets no memory must not have replaced the previous writer.
        let spec = self.services.specs.load(&known.spec).await?;
        memory.size(&spec, known.decoding).await?;
        let attached = self
            .services
            .store
            .attach_upload(caller, &known.uid, self.services.clock.now())
            .await?;
        let upload = attached.ok_or(Error::NotFound { kind: "upload" })?;
        if let Some(ended) = ended(&upload)? {
            return Ok(ended);
        }
        let is_first = upload.writer_epoch == FIRST_EPOCH;
        tracing::info!(
            operation = %upload.uid,
            resource = %upload.document,
            version = upload.version,
            bytes = upload.committed_offset,
            "upload {}",
            if is_first { "started" } else { "resumed" }
        );
        // Watchers of all operations learn of an upload before its first commit. They know a resumed one already;
        // publishing it again would delay its next state.
        if is_first {
            self.services.bus.publish(upload.operation());
        }
        let services = self.services.clone();
        let pipeline = Pipeline::new(services, caller.clone(), (&upload, &spec), memory)?;
        Ok(OpenedUpload::Open(Box::new(pipeline)))
    }

    /// Whether this instance lacks the tokenizer of an upload.
    pub async fn lacks_tokenizer(&self, upload: &Upload) -> bool {
        let loaded = self.services.specs.load(&upload.spec).await;
        matches!(loaded, Err(Error::TokenizerUnavailable { .. }))
    }

    /// Fails an upload that its writer cannot resume, unless it has ended.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn give_up(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        reason: FailureReason,
        error: &Error,
    ) -> Result<(), Error> {
        let store = &self.services.store;
        let now = self.services.clock.now();
        // Attaching raises the epoch: from here on no commit in progress can come between.
        let attached = store.attach_upload(caller, uid, now).await?;
        let Some(upload) = attached.filter(|upload| !upload.state.is_terminal()) else {
            return Ok(());
        };
        let writer = Writer::attached(caller.clone(), &upload);
        let message = error.to_string();
        let end = UploadEnd::Failed(Failure { reason, message });
        if let Some(operation) = store.end_upload(&writer, end, now, now).await? {
            self.services.bus.publish(operation);
        }
        Ok(())
    }

    /// Returns the current state of the upload.
    ///
    /// # Errors
    ///
    /// Fails if there is no such upload.
    pub async fn get(&self, caller: &Caller, uid: &OperationUid) -> Result<Upload, Error> {
        self.services
            .store
            .upload(caller, uid)
            .await?
            .ok_or(Error::NotFound { kind: "upload" })
    }

    /// Cancels an upload, whichever writer it has.
    ///
    /// # Errors
    ///
    /// Fails if there is no such upload, or it has ended.
    pub async fn cancel(&self, caller: &Caller, uid: &OperationUid) -> Result<Upload, Error> {
        let now = self.services.clock.now();
        match self.services.store.cancel_upload(caller, uid, now).await? {
            Some(operation) => {
                self.services.bus.publish(operation);
                self.get(caller, uid).await
            }
            None => Err(Error::UploadEnded {
                state: self.get(caller, uid).await?.state.name(),
            }),
        }
    }
}

/// Returns the response for an upload that has ended. `None` means that it has not ended.
fn ended(upload: &Upload) -> Result<Option<OpenedUpload>, Error> {
    match pipeline::ended(upload) {
        None => Ok(None),
        Some(_) if upload.has_lost_its_document() => Err(Error::DocumentDeletedSince),
        Some(_) if upload.state == State::Succeeded => Ok(Some(OpenedUpload::Complete(Box::new(
            Repetition::of(upload)?,
        )))),
        Some(error) => Err(error),
    }
}
