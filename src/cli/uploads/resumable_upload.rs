//! Sends a document. Resumes after failures, and verifies the source before it resumes.

use anyhow::bail;
use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::cli::calls::retry::Retries;
use crate::cli::connection::channel::Connection;
use crate::cli::uploads::source_reader::{Next, SourceReader};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::upload_document_request::Target;
use crate::interface::grpc::pb::upload_service_client::UploadServiceClient;

/// Messages read ahead of the network.
const MESSAGES_AHEAD: usize = 2;
/// More bytes than this beyond the last commit prove that the server makes progress: its batches in progress have 3
/// MiB, and a connection buffers less than the rest.
const TAKEN_BYTES_MIN: u64 = 8 * 1024 * 1024;

/// A document to send.
#[derive(Debug)]
pub(crate) struct Sending {
    /// The source of the document.
    pub(crate) reading: SourceReader,
    /// The spec of the upload.
    pub(crate) spec: pb::UploadSpec,
    /// Whether an earlier attempt may have started the upload.
    pub(crate) is_resumed: bool,
}

/// The reason why an attempt ended.
enum Failure {
    /// The status from the server or the connection.
    Answer(Status),
    Final(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Final(error)
    }
}

impl Sending {
    /// Sends the document until it is complete.
    ///
    /// # Errors
    ///
    /// Fails with a final status, or if there was no progress for too long.
    pub(crate) async fn run(
        mut self,
        channel: Connection,
        retries: &Retries,
        bar: &ProgressBar,
    ) -> anyhow::Result<pb::Upload> {
        let mut client = UploadServiceClient::new(channel);
        let mut committed = 0;
        let mut tries = retries.tries();
        let mut has_begun = self.is_resumed;
        loop {
            let attempt = match self.resume(&mut client, has_begun).await {
                Ok(()) => {
                    if has_begun {
                        retries.answered();
                    }
                    let from = self.reading.at();
                    if from > committed {
                        tries.progressed();
                    }
                    committed = from;
                    self.attempt(&mut client, retries, bar).await
                }
                Err(failure) => Err(failure),
            };
            has_begun = true;
            match attempt {
                Ok(upload) => {
                    retries.progressed();
                    return Ok(upload);
                }
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Answer(status)) => {
                    if self.reading.at() > committed + TAKEN_BYTES_MIN
                        || tries.are_over() && self.has_committed(&mut client, committed).await
                    {
                        tries.progressed();
                    }
                    tries.failed(status).await?;
                }
            }
        }
    }

    /// Whether the server has committed more than `committed` bytes.
    async fn has_committed(
        &self,
        client: &mut UploadServiceClient<Connection>,
        committed: u64,
    ) -> bool {
        let found = self.find(client).await.ok().flatten();
        found.is_some_and(|upload| {
            u64::try_from(upload.committed_offset).is_ok_and(|now| now > committed)
        })
    }

    /// Whether the upload of an earlier run can be resumed. Either the server does not know it yet, or it is running
    /// and the source begins with the bytes that the server has. A succeeded upload is not repeated, because its
    /// document may have changed since.
    ///
    /// # Errors
    ///
    /// Fails if the server cannot be queried.
    pub(crate) async fn is_resumable(
        &mut self,
        channel: Connection,
        retries: &Retries,
    ) -> anyhow::Result<bool> {
        let name = format!("uploads/{}", self.spec.request_id);
        let ask = async || {
            let mut client = UploadServiceClient::new(channel.clone());
            let request = pb::GetUploadRequest { name: name.clone() };
            match client.get_upload(request).await {
                Ok(found) => Ok(found.into_inner().upload),
                Err(status) if status.code() == Code::NotFound => Ok(None),
                Err(status) => Err(status.into()),
            }
        };
        let Some(upload) = retries.ask(ask).await? else {
            return Ok(true);
        };
        if upload.state() != pb::upload::State::Running {
            return Ok(false);
        }
        let committed = u64::try_from(upload.committed_offset)?;
        let sought = self.reading.seek(committed, &upload.committed_sha256).await;
        if sought.is_err() {
            self.reading.seek(0, &[]).await?;
        }
        Ok(sought.is_ok())
    }

    /// Moves to the offset up to which the server has the source, if the source is the same.
    async fn resume(
        &mut self,
        client: &mut UploadServiceClient<Connection>,
        has_begun: bool,
    ) -> Result<(), Failure> {
        let upload = if has_begun {
            self.find(client).await?
        } else {
            None
        };
        let upload = upload.unwrap_or_default();
        let committed = u64::try_from(upload.committed_offset).unwrap_or_default();
        let sought = self.reading.seek(committed, &upload.committed_sha256).await;
        // The digest suffices for an upload that has succeeded. Another source is sent from its start, so that the
        // server compares it and reports the difference.
        if sought.is_err() && upload.state() == pb::upload::State::Succeeded {
            self.reading.seek(0, &[]).await?;
            return Ok(());
        }
        Ok(sought?)
    }

    /// Returns the upload if the server has it and it can be resumed.
    async fn find(
        &self,
        client: &mut UploadServiceClient<Connection>,
    ) -> Result<Option<pb::Upload>, Failure> {
        let name = format!("uploads/{}", self.spec.request_id);
        let request = pb::GetUploadRequest { name: name.clone() };
        let upload = match client.get_upload(request).await {
            Ok(found) => found.into_inner().upload.unwrap_or_default(),
            // The first attempt ended before the server created the upload.
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(Failure::Answer(status)),
        };
        check(&upload, &name, &self.spec)?;
        // A source that cannot be read twice is compared by the server, from its first byte.
        let is_complete = upload.state() == pb::upload::State::Succeeded;
        let is_compared = is_complete && self.reading.at() == 0 && !self.reading.is_regular();
        Ok((!is_compared).then_some(upload))
    }

    async fn attempt(
        &mut self,
        client: &mut UploadServiceClient<Connection>,
        retries: &Retries,
        bar: &ProgressBar,
    ) -> Result<pb::Upload, Failure> {
        let (messages, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let call = client.upload_document(ReceiverStream::new(receiver));
        let taken = self.reading.at() + TAKEN_BYTES_MIN;
        let sent = |at| {
            bar.set_position(at);
            if at > taken {
                retries.progressed();
            }
        };
        let reading = feed(&mut self.reading, &self.spec, messages, sent);
        tokio::pin!(call);
        // Once the call has ended, do not wait for a source that waits for its producer.
        let answered = tokio::select! {
            answered = &mut call => answered,
            read = reading => {
                read?;
                call.await
            }
        };
        let answered = answered.map_err(Failure::Answer)?.into_inner();
        let upload = answered.upload.unwrap_or_default();
        if upload.state() == pb::upload::State::Succeeded {
            Ok(upload)
        } else {
            Err(Failure::Answer(Status::aborted(
                "the upload is not complete",
            )))
        }
    }
}

/// Checks that an upload of this name is for this document, and has not failed or been cancelled.
fn check(upload: &pb::Upload, name: &str, spec: &pb::UploadSpec) -> anyhow::Result<()> {
    let document = format!("{}/documents/{}", spec.collection, spec.document_id);
    if upload.document != document {
        bail!(
            "{name} is an upload of {}: use another request id (--request-id)",
            upload.document
        );
    }
    let ended = [pb::upload::State::Failed, pb::upload::State::Cancelled];
    if ended.contains(&upload.state()) {
        let state = upload.state().as_str_name().trim_start_matches("STATE_");
        bail!("{name} has ended as {state}: use another request id (--request-id)");
    }
    Ok(())
}

/// Sends the messages of a source, the last one with `finish_write` and the digest.
async fn feed(
    reading: &mut SourceReader,
    spec: &pb::UploadSpec,
    messages: mpsc::Sender<pb::UploadDocumentRequest>,
    sent: impl Fn(u64),
) -> anyhow::Result<()> {
    let mut target = Some(Target::Spec(spec.clone()));
    loop {
        let write_offset = i64::try_from(reading.at())?;
        let (content, is_last) = match reading.next().await? {
            Next::Waiting => (bytes::Bytes::new(), false),
            Next::Content(content) => (content, false),
            Next::End(content) => (content, true),
        };
        let message = pb::UploadDocumentRequest {
            target: target.take(),
            write_offset,
            compression: pb::Compression::Unspecified.into(),
            crc32c: Some(crc32c::crc32c(&content)),
            content,
            finish_write: is_last,
            sha256: is_last.then(|| reading.sha256().to_vec().into()),
            total_size: is_last.then(|| i64::try_from(reading.at())).transpose()?,
        };
        // Without a receiver the call has ended, and its status has the reason.
        if messages.send(message).await.is_err() || is_last {
            return Ok(());
        }
        sent(reading.at());
    }
}
