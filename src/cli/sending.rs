//! Sending a document: resumed after any failure, checked before it is resumed.

use std::time::Duration;

use anyhow::bail;
use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::cli::client::Connection;
use crate::cli::reading::{Next, Reading};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::upload_document_request::Target;
use crate::interface::grpc::pb::upload_service_client::UploadServiceClient;

/// Messages read ahead of the network.
const MESSAGES_AHEAD: usize = 2;
/// The longest wait after the first failure; it doubles with each, up to the last.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_LAST: Duration = Duration::from_secs(30);
/// Failures in a row, without a byte of progress between them, before it is given up.
const FAILURES_MAX: u32 = 12;
/// The same while the server says that it has too much to do: about an hour.
const REFUSALS_MAX: u32 = 240;

/// A document to send.
#[derive(Debug)]
pub(super) struct Sending {
    /// Where its bytes are.
    pub(super) reading: Reading,
    /// Its description for the server.
    pub(super) spec: pb::UploadSpec,
    /// Whether the upload may have begun before.
    pub(super) is_resumed: bool,
}

/// Why an attempt ended.
enum Failure {
    /// Another attempt may do better.
    Passing(Status),
    Final(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Final(error)
    }
}

impl Sending {
    /// Sends the document until it is complete.
    pub(super) async fn run(
        mut self,
        channel: Connection,
        bar: &ProgressBar,
    ) -> anyhow::Result<pb::Upload> {
        let mut client = UploadServiceClient::new(channel);
        let (mut committed, mut failures) = (0, 0);
        loop {
            let has_begun = failures > 0 || self.is_resumed;
            let attempt = match self.resume(&mut client, has_begun).await {
                Ok(()) => {
                    let from = self.reading.at();
                    failures = if from > committed { 0 } else { failures };
                    committed = from;
                    self.attempt(&mut client, bar).await
                }
                Err(failure) => Err(failure),
            };
            match attempt {
                Ok(upload) => return Ok(upload),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(status)) if failures + 1 >= failures_max(&status) => {
                    return Err(status.into());
                }
                Err(Failure::Passing(_)) => {
                    failures += 1;
                    tokio::time::sleep(jittered(failures)).await;
                }
            }
        }
    }

    /// Goes to where the server has the source up to, if it is the same.
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
        // Of an upload that has succeeded the digest is enough. Another source is sent whole, so that the
        // server compares it and says what differs.
        if sought.is_err() && upload.state() == pb::upload::State::Succeeded {
            self.reading.seek(0, &[]).await?;
            return Ok(());
        }
        Ok(sought?)
    }

    /// The upload, if the server has it and it can be resumed.
    async fn find(
        &self,
        client: &mut UploadServiceClient<Connection>,
    ) -> Result<Option<pb::Upload>, Failure> {
        let name = format!("uploads/{}", self.spec.request_id);
        let request = pb::GetUploadRequest { name: name.clone() };
        let upload = match client.get_upload(request).await {
            Ok(found) => found.into_inner().upload.unwrap_or_default(),
            // The first attempt did not get so far.
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(failure(status)),
        };
        check(&upload, &name, &self.spec)?;
        // What cannot be read twice is compared by the server, from its first byte.
        let is_complete = upload.state() == pb::upload::State::Succeeded;
        let is_compared = is_complete && self.reading.at() == 0 && !self.reading.is_regular();
        Ok((!is_compared).then_some(upload))
    }

    async fn attempt(
        &mut self,
        client: &mut UploadServiceClient<Connection>,
        bar: &ProgressBar,
    ) -> Result<pb::Upload, Failure> {
        let (messages, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let call = client.upload_document(ReceiverStream::new(receiver));
        let reading = feed(&mut self.reading, &self.spec, messages, bar);
        tokio::pin!(call);
        // A source that waits for its producer is not waited for once the call has ended.
        let answered = tokio::select! {
            answered = &mut call => answered,
            read = reading => {
                read?;
                call.await
            }
        };
        let answered = answered.map_err(failure)?.into_inner();
        let upload = answered.upload.unwrap_or_default();
        if upload.state() == pb::upload::State::Succeeded {
            Ok(upload)
        } else {
            Err(Failure::Passing(Status::aborted(
                "the upload is not complete",
            )))
        }
    }
}

/// Whether an upload of this name is the one that is meant.
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

/// Hands out messages, the last with `finish_write` and the digest.
async fn feed(
    reading: &mut Reading,
    spec: &pb::UploadSpec,
    messages: mpsc::Sender<pb::UploadDocumentRequest>,
    bar: &ProgressBar,
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
        // Without a receiver the call has ended, and its status says why.
        if messages.send(message).await.is_err() || is_last {
            return Ok(());
        }
        bar.set_position(reading.at());
    }
}

/// What passes: broken connections and busy servers. A refusal does not.
const PASSING: [Code; 7] = [
    Code::Unavailable,
    Code::Unknown,
    Code::Internal,
    Code::Aborted,
    Code::Cancelled,
    Code::DeadlineExceeded,
    Code::ResourceExhausted,
];

/// Refusals that last although their codes pass. Two writers that take over from each other would never
/// end, only an operator changes a quota, and a deleted document stays deleted.
const LASTING: [&str; 3] = ["UPLOAD_SUPERSEDED", "QUOTA_EXCEEDED", "DOCUMENT_DELETED"];

fn failure(status: Status) -> Failure {
    let details = status.get_error_details();
    let is_lasting = details
        .error_info()
        .is_some_and(|info| LASTING.contains(&info.reason.as_str()));
    if PASSING.contains(&status.code()) && !is_lasting {
        Failure::Passing(status)
    } else {
        Failure::Final(status.into())
    }
}

/// How often in a row this may happen.
fn failures_max(status: &Status) -> u32 {
    if status.code() == Code::ResourceExhausted {
        REFUSALS_MAX
    } else {
        FAILURES_MAX
    }
}

/// Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
fn jittered(failures: u32) -> Duration {
    let longest = WAIT_FIRST
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(WAIT_LAST);
    let [a, b, ..] = Uuid::new_v4().into_bytes();
    longest.mul_f64(f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX))
}
