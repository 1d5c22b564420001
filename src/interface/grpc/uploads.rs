//! The upload service.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ingest::pipeline::{CONTENT_BYTES_MAX, Declared, Pipeline, Write};
use crate::application::ports::clock::{Clock, Uid};
use crate::application::ports::uploads::NewUpload;
use crate::application::uploads::{Attached, Uploads};
use crate::domain::name::{DocumentId, DocumentName};
use crate::interface::grpc::convert::{chunking, resources};
use crate::interface::grpc::pb::upload_document_request::Target;
use crate::interface::grpc::pb::upload_service_server::UploadService;
use crate::interface::grpc::{name, pb, status};

/// What is decided is committed at least so often, so that watchers see a slow upload move.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
/// How long a message that breaks the rule is waited for after `finish_write`; the end of the
/// stream, which nearly all clients send at once, ends the wait.
const FINISH_WAIT: Duration = Duration::from_millis(250);
/// How long an upload may hold memory without a message; an empty one keeps it alive.
const IDLE_MAX: Duration = Duration::from_secs(30);
const LABELS_MAX: usize = 32;
const LABEL_KEY_BYTES_MAX: usize = 63;
const LABEL_VALUE_BYTES_MAX: usize = 1_024;
const DISPLAY_NAME_BYTES_MAX: usize = 1_024;
const MEDIA_TYPE_BYTES_MAX: usize = 255;

/// Serves uploads.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub uploads: Uploads,
    /// Time and uids.
    pub clock: std::sync::Arc<dyn Clock>,
    /// Cancelled when the server goes down.
    pub drain: CancellationToken,
}

#[tonic::async_trait]
impl UploadService for Service {
    async fn upload_document(
        &self,
        request: Request<Streaming<pb::UploadDocumentRequest>>,
    ) -> Result<Response<pb::UploadDocumentResponse>, Status> {
        let upload = Some(self.receive(request.into_inner()).await?);
        Ok(Response::new(pb::UploadDocumentResponse { upload }))
    }

    async fn get_upload(
        &self,
        request: Request<pb::GetUploadRequest>,
    ) -> Result<Response<pb::GetUploadResponse>, Status> {
        let found = async {
            let uid = name::uid("name", "uploads", &request.into_inner().name)?;
            resources::upload(&self.uploads.get(&Caller::anonymous(), &uid).await?)
        };
        let upload = Some(found.await.map_err(|error| status::of(&error))?);
        Ok(Response::new(pb::GetUploadResponse { upload }))
    }

    async fn cancel_upload(
        &self,
        request: Request<pb::CancelUploadRequest>,
    ) -> Result<Response<pb::CancelUploadResponse>, Status> {
        let cancelled = async {
            let uid = name::uid("name", "uploads", &request.into_inner().name)?;
            resources::upload(&self.uploads.cancel(&Caller::anonymous(), &uid).await?)
        };
        let upload = Some(cancelled.await.map_err(|error| status::of(&error))?);
        Ok(Response::new(pb::CancelUploadResponse { upload }))
    }
}

/// What one turn of an upload's stream brought.
enum Turn {
    Message(Box<pb::UploadDocumentRequest>),
    /// The client has ended the stream, or was cancelled: that looks the same.
    End,
    /// A message could not be read, or the connection broke.
    Broken(Error),
    /// Nothing came for a while.
    Pause,
    Drain,
}

impl Service {
    /// Takes a whole stream. Only `finish_write` completes the upload: a client that was cancelled
    /// looks like one that ended its stream.
    async fn receive(
        &self,
        mut messages: Streaming<pb::UploadDocumentRequest>,
    ) -> Result<pb::Upload, Status> {
        let caller = Caller::anonymous();
        let first = tokio::select! {
            first = messages.message() => first.map_err(|error| status::of(&unread(&error)))?,
            () = self.drain.cancelled() => return Err(status::of(&Error::Draining)),
            () = tokio::time::sleep(IDLE_MAX) => return Err(status::of(&idle())),
        };
        let first = first.unwrap_or_default();
        let (uid, attached) = self
            .attach(&caller, &first)
            .await
            .map_err(|error| status::of(&error))?;
        if let Attached::Open(pipeline) = attached {
            self.stream(pipeline, first, &mut messages).await?;
        }
        let upload = async { resources::upload(&self.uploads.get(&caller, &uid).await?) };
        upload.await.map_err(|error| status::of(&error))
    }

    async fn attach(
        &self,
        caller: &Caller,
        first: &pb::UploadDocumentRequest,
    ) -> Result<(Uid, Attached), Error> {
        match &first.target {
            None => Err(Error::invalid(
                "target",
                "must be in the first message: spec or upload",
            )),
            Some(Target::Upload(upload)) => {
                let uid = name::uid("upload", "uploads", upload)?;
                Ok((uid, self.uploads.attach(caller, &uid).await?))
            }
            Some(Target::Spec(spec)) => {
                let new = self.new_upload(spec.clone())?;
                Ok((new.uid, self.uploads.start(caller, &new).await?))
            }
        }
    }

    async fn stream(
        &self,
        mut pipeline: Box<Pipeline>,
        first: pb::UploadDocumentRequest,
        messages: &mut Streaming<pb::UploadDocumentRequest>,
    ) -> Result<(), Status> {
        let mut turn = Turn::Message(Box::new(pb::UploadDocumentRequest {
            target: None,
            ..first
        }));
        let (mut declared, mut heard) = (Declared::default(), Instant::now());
        loop {
            match turn {
                Turn::Message(message) => {
                    heard = Instant::now();
                    let finishes = message.finish_write;
                    declared = merged(declared, &message).map_err(|error| status::of(&error))?;
                    if let Err(error) = write(&mut pipeline, *message).await {
                        turn_over(&mut pipeline, error).await?;
                    }
                    if finishes {
                        if is_followed(messages).await {
                            return Err(status::of(&Error::WriteAfterFinish));
                        }
                        return pipeline
                            .finish(declared)
                            .await
                            .map_err(|error| status::of(&error));
                    }
                }
                Turn::Pause if heard.elapsed() >= IDLE_MAX => {
                    turn_over(&mut pipeline, idle()).await?;
                }
                Turn::Pause => pipeline.flush().await.map_err(|error| status::of(&error))?,
                Turn::Broken(error) => turn_over(&mut pipeline, error).await?,
                Turn::End => return pipeline.flush().await.map_err(|error| status::of(&error)),
                Turn::Drain => turn_over(&mut pipeline, Error::Draining).await?,
            }
            turn = tokio::select! {
                biased;
                () = self.drain.cancelled() => Turn::Drain,
                message = messages.message() => match message {
                    Ok(Some(message)) => Turn::Message(Box::new(message)),
                    Ok(None) => Turn::End,
                    Err(error) => Turn::Broken(unread(&error)),
                },
                () = tokio::time::sleep(FLUSH_AFTER) => Turn::Pause,
            };
        }
    }

    /// Checks a spec, field by field.
    fn new_upload(&self, from: pb::UploadSpec) -> Result<NewUpload, Error> {
        let pb::UploadSpec {
            collection,
            document_id,
            display_name,
            media_type,
            labels,
            chunking,
            decoding,
            request_id,
        } = from;
        let uid = name::uuid(&request_id)
            .ok_or_else(|| Error::invalid("spec.request_id", "must be a UUID"))?;
        let document = DocumentId::parse(&document_id)
            .map_err(|error| Error::invalid("spec.document_id", error))?;
        let collection = name::collection("spec.collection", &collection)?;
        short("spec.display_name", &display_name, DISPLAY_NAME_BYTES_MAX)?;
        short("spec.media_type", &media_type, MEDIA_TYPE_BYTES_MAX)?;
        if labels.len() > LABELS_MAX {
            return Err(Error::invalid(
                "spec.labels",
                format!("must be at most {LABELS_MAX}"),
            ));
        }
        for (key, value) in &labels {
            short("spec.labels", key, LABEL_KEY_BYTES_MAX)?;
            short("spec.labels", value, LABEL_VALUE_BYTES_MAX)?;
        }
        // Without either, the collection's spec is taken.
        let spec = match (chunking, decoding) {
            (None, None) => None,
            (chunking, decoding) => Some(chunking::stored(chunking, decoding)?),
        };
        let or = |given: String, default: &str| {
            if given.is_empty() {
                default.to_owned()
            } else {
                given
            }
        };
        Ok(NewUpload {
            uid,
            document_uid: self.clock.new_uid(),
            display_name: or(display_name, document.as_str()),
            document: DocumentName {
                collection,
                document,
            },
            media_type: or(media_type, "text/plain"),
            labels: labels.into_iter().collect(),
            spec,
            now: self.clock.now(),
        })
    }
}

/// Ends a stream with an error. What was decided before it is committed, so that it is not sent
/// again; if that fails too, the first error counts.
async fn turn_over(pipeline: &mut Pipeline, error: Error) -> Result<(), Status> {
    let _second = pipeline.flush().await;
    Err(status::of(&error))
}

/// What tonic could not read: too large for its limit, or not of the protos.
fn unread(error: &Status) -> Error {
    if error.code() == Code::OutOfRange {
        Error::MessageTooLarge {
            most: CONTENT_BYTES_MAX,
        }
    } else {
        Error::MessageUnreadable
    }
}

fn idle() -> Error {
    Error::UploadIdle {
        seconds: IDLE_MAX.as_secs(),
    }
}

async fn write(pipeline: &mut Pipeline, message: pb::UploadDocumentRequest) -> Result<(), Error> {
    let pb::UploadDocumentRequest {
        target,
        write_offset,
        content,
        crc32c,
        ..
    } = message;
    if target.is_some() {
        return Err(Error::invalid(
            "target",
            "must be in the first message only",
        ));
    }
    pipeline
        .write(Write {
            write_offset,
            content,
            crc32c,
        })
        .await
}

/// Whether a message follows the one with `finish_write`.
async fn is_followed(messages: &mut Streaming<pb::UploadDocumentRequest>) -> bool {
    let next = tokio::time::timeout(FINISH_WAIT, messages.message()).await;
    matches!(next, Ok(Ok(Some(_))))
}

/// What is said of the whole source, in the first message, the last, or any other.
fn merged(before: Declared, message: &pb::UploadDocumentRequest) -> Result<Declared, Error> {
    let sha256 = message
        .sha256
        .as_deref()
        .map(<[u8; 32]>::try_from)
        .transpose();
    let sha256 = sha256.map_err(|_length| Error::invalid("sha256", "must have 32 bytes"))?;
    let total_size = message.total_size.map(u64::try_from).transpose();
    let total_size =
        total_size.map_err(|_negative| Error::invalid("total_size", "must not be negative"))?;
    Ok(Declared {
        sha256: sha256.or(before.sha256),
        total_size: total_size.or(before.total_size),
    })
}

fn short(field: &'static str, value: &str, most: usize) -> Result<(), Error> {
    if value.len() <= most && !value.contains('\0') {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            format!("must have at most {most} bytes, and no NUL"),
        ))
    }
}
