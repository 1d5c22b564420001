//! Sends a document, and resumes after any failure. The part that the server has is compared first.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::cli::client::Connection;
use crate::cli::documents::Document;
use crate::domain::ingest::digest::Running;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::upload_document_request::Target;
use crate::interface::grpc::pb::upload_service_client::UploadServiceClient;

/// What the server takes in a message.
const CONTENT_BYTES: usize = 256 * 1024;
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
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// Where its bytes are. The standard input cannot be read twice.
    pub(super) document: Document,
    /// What is said of it.
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

impl Sending {
    /// Sends the document until it is complete.
    pub(super) async fn run(
        &self,
        channel: Connection,
        bar: &ProgressBar,
    ) -> anyhow::Result<pb::Upload> {
        let mut client = UploadServiceClient::new(channel);
        let (mut committed, mut failures) = (0, 0);
        loop {
            let attempt = match self
                .resume_from(&mut client, failures > 0 || self.is_resumed)
                .await
            {
                Ok(from) => {
                    failures = if from > committed { 0 } else { failures };
                    committed = from;
                    self.attempt(&mut client, from, bar).await
                }
                Err(failure) => Err(failure),
            };
            match attempt {
                Ok(upload) => return Ok(upload),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(status))
                    if !self.document.is_file() || failures + 1 >= failures_max(&status) =>
                {
                    return Err(status.into());
                }
                Err(Failure::Passing(_)) => {
                    failures += 1;
                    tokio::time::sleep(jittered(failures)).await;
                }
            }
        }
    }

    /// The offset to resume from: the end of what the server has, if the document begins with the same
    /// bytes.
    async fn resume_from(
        &self,
        client: &mut UploadServiceClient<Connection>,
        may_be_there: bool,
    ) -> Result<u64, Failure> {
        let name = format!("uploads/{}", self.spec.request_id);
        if !may_be_there {
            return Ok(0);
        }
        let found = match client
            .get_upload(pb::GetUploadRequest { name: name.clone() })
            .await
        {
            Ok(found) => found.into_inner().upload.unwrap_or_default(),
            // The first attempt did not get so far.
            Err(status) if status.code() == Code::NotFound => {
                return Ok(0);
            }
            Err(status) => return Err(failure(status)),
        };
        let document = format!(
            "{}/documents/{}",
            self.spec.collection, self.spec.document_id
        );
        let over = [pb::upload::State::Failed, pb::upload::State::Cancelled];
        if found.document == document && over.contains(&found.state()) {
            let ended = format!("{name} has failed or was cancelled; use another --request-id");
            return Err(Failure::Final(anyhow::anyhow!(ended)));
        }
        // A source that cannot be read twice is sent from its start: the server compares and skips what it
        // has. So does it with the fields of an upload of another document.
        if !self.document.is_file() || found.document != document {
            return Ok(0);
        }
        let document = self.document.clone();
        let committed = u64::try_from(found.committed_offset).unwrap_or_default();
        let digest = blocking(move || Ok(prefix(&document, committed)?.1.sha256())).await?;
        if digest != *found.committed_sha256 {
            let changed = "the file is not what it was when the upload began; upload it anew";
            return Err(Failure::Final(anyhow::anyhow!(changed)));
        }
        Ok(committed)
    }

    async fn attempt(
        &self,
        client: &mut UploadServiceClient<Connection>,
        from: u64,
        bar: &ProgressBar,
    ) -> Result<pb::Upload, Failure> {
        let (messages, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let (document, bar) = (self.document.clone(), bar.clone());
        // The spec each time: the server compares it with the one that the upload was started with.
        let target = Target::Spec(self.spec.clone());
        let reading =
            tokio::task::spawn_blocking(move || read(&document, target, from, &messages, &bar));
        let answered = client.upload_document(ReceiverStream::new(receiver)).await;
        // A reader that waits for its input is not waited for: the call has ended without it.
        let answered = answered.map_err(failure)?.into_inner();
        let read = reading
            .await
            .map_err(|error| Failure::Final(error.into()))?;
        read.map_err(Failure::Final)?;
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

/// Reads the source and hands out messages, the last with `finish_write` and the digest.
fn read(
    document: &Document,
    target: Target,
    from: u64,
    messages: &mpsc::Sender<pb::UploadDocumentRequest>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let (mut source, mut digest) = prefix(document, from)?;
    let (mut target, mut offset) = (Some(target), from);
    loop {
        let mut content = Vec::with_capacity(CONTENT_BYTES);
        (&mut source)
            .take(CONTENT_BYTES as u64)
            .read_to_end(&mut content)
            .context("cannot be read")?;
        let is_last = content.len() < CONTENT_BYTES;
        digest.update(&content);
        let write_offset = i64::try_from(offset)?;
        offset += content.len() as u64;
        bar.set_position(offset);
        let message = pb::UploadDocumentRequest {
            target: target.take(),
            write_offset,
            compression: pb::Compression::Unspecified.into(),
            crc32c: Some(crc32c::crc32c(&content)),
            content: content.into(),
            finish_write: is_last,
            sha256: is_last.then(|| digest.sha256().to_vec().into()),
            total_size: if is_last {
                Some(i64::try_from(offset)?)
            } else {
                None
            },
        };
        // Nobody receives: the call has ended, and its status says why.
        if messages.blocking_send(message).is_err() || is_last {
            return Ok(());
        }
    }
}

/// A document behind its first `bytes` bytes, and the digest of those. A compressed file cannot be
/// entered in the middle, and the digest needs every byte, so they are read.
fn prefix(document: &Document, bytes: u64) -> anyhow::Result<(Box<dyn Read>, Running)> {
    let (mut source, _) = document.open()?;
    let (mut digest, mut buffer) = (Running::default(), vec![0; CONTENT_BYTES]);
    let mut left = bytes;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let read = source.read(&mut buffer[..most]).context("cannot be read")?;
        if read == 0 {
            bail!("the file is shorter than it was when the upload began");
        }
        digest.update(&buffer[..read]);
        left -= read as u64;
    }
    Ok((source, digest))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::Final(error.into()))?
        .map_err(Failure::Final)
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

/// Reasons that no attempt mends although their codes pass: two writers that take over from each other
/// would never end, a quota is an operator's to change, and a deleted document stays deleted.
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
