//! One client's stream of messages, from its target to its end.
//!
//! Only `finish_write` completes the upload: a client that was cancelled looks like one that ended its stream. The
//! decided chunks are committed when the stream ends, unless the client is gone or its deadline has passed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::events::bus::Subscription;
use crate::application::ports::uploads::{Declared, NewUpload, Upload};
use crate::application::uploads::flush_timer::{FLUSH_AFTER_MIN, FlushTimer};
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::application::uploads::min_rate::MinRate;
use crate::application::uploads::opened_upload;
use crate::application::uploads::write::Write;
use crate::domain::names::uid::OperationUid;

/// The silence after which a client counts as slow, and its upload falls to the least share of memory. Shorter than
/// the time between two messages of most slow clients, longer than a busy client takes for the next one.
const REST_AFTER: Duration = Duration::from_millis(50);
/// The time from [`REST_AFTER`] until a flush is due, at the earliest.
const PAUSE_AFTER: Duration = FLUSH_AFTER_MIN.saturating_sub(REST_AFTER);
/// The time to wait after `finish_write` for a message that must not follow it. The end of the stream, which nearly
/// all clients send at once, ends the wait.
const FINISH_WAIT: Duration = Duration::from_millis(250);

/// A message of an upload.
#[derive(Debug, Default)]
pub struct Message {
    /// The upload that the stream is for. Only in the first message.
    pub target: Option<UploadTarget>,
    /// The content. `None` means that the message has none.
    pub write: Option<Write>,
    /// The declarations about the whole source.
    pub declared: Declared,
    /// Whether the decided chunks are committed at once.
    pub flushes: bool,
    /// Whether the client asks for the progress of the commits.
    pub looks_up: bool,
    /// The chunks that the client wants to receive. Only in the first message.
    pub chunk_request: Option<ChunkRequest>,
}

impl Message {
    /// Whether the source ends after this message.
    fn ends(&self) -> bool {
        self.write.as_ref().is_some_and(|write| write.ends)
    }
}

/// The chunks that a client wants to receive.
#[derive(Clone, Copy, Debug)]
pub struct ChunkRequest {
    /// The ordinal of the first chunk.
    pub from_ordinal: u64,
}

/// The upload that a client has attached to, at that time.
#[derive(Debug)]
pub struct AttachedUpload {
    /// The upload.
    pub upload: Upload,
    /// The chunks that the client wants to receive. `None` means no chunks.
    pub chunk_request: Option<ChunkRequest>,
}

/// The upload that a stream is for.
#[derive(Debug)]
pub enum UploadTarget {
    /// A new upload, or one of the same request.
    New(Box<NewUpload>),
    /// An upload to resume.
    Known(OperationUid),
}

/// Notifies another task of the stream's progress.
#[derive(Debug, Default)]
pub struct UploadNotifier {
    /// Receives the upload once the client has attached to it.
    pub attached: Option<oneshot::Sender<AttachedUpload>>,
    /// Notified when the client asks for the progress of the commits.
    pub looked_up: Arc<Notify>,
}

/// One client's stream.
#[derive(Debug)]
pub struct UploadStream<'a> {
    /// The uploads.
    pub uploads: &'a UploadLifecycle,
    /// The client.
    pub caller: &'a Caller,
    /// Cancelled when the server shuts down.
    pub drain: &'a CancellationToken,
}

/// The result of one wait for the stream.
enum Received {
    Message(Box<Message>),
    /// The client has ended the stream, or was cancelled: the two look the same.
    End,
    /// No message came for [`REST_AFTER`].
    Rest,
    /// No message came for [`FLUSH_AFTER_MIN`].
    Pause,
    /// The stream must end with this error.
    Broken(Error),
    /// The upload was ended, but not by this stream.
    Ended,
}

impl UploadStream<'_> {
    /// Receives the whole stream, and returns the upload in its state after it.
    ///
    /// # Errors
    ///
    /// Fails as `UploadDocument` documents. An upload that has not failed for good can be resumed.
    pub async fn run<S>(&self, mut messages: S, notifier: UploadNotifier) -> Result<Upload, Error>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin,
    {
        let bounds = self.uploads.bounds();
        let memory = tokio::select! {
            memory = self.uploads.enter(self.caller) => memory?,
            () = self.drain.cancelled() => return Err(Error::Draining),
        };
        let first = tokio::select! {
            first = messages.next() => first.unwrap_or_else(|| Ok(Message::default()))?,
            () = self.drain.cancelled() => return Err(Error::Draining),
            () = tokio::time::sleep(bounds.idle_max) => {
                return Err(Error::UploadIdle { seconds: bounds.idle_max.as_secs() });
            }
        };
        let Some(target) = &first.target else {
            return Err(Error::invalid(
                "target",
                "must be in the first message: spec or upload",
            ));
        };
        let (uid, attached) = match target {
            UploadTarget::Known(uid) => {
                (*uid, self.uploads.attach(self.caller, uid, memory).await?)
            }
            UploadTarget::New(new) => {
                (new.uid, self.uploads.start(self.caller, new, memory).await?)
            }
        };
        if let Some(sender) = notifier.attached {
            // A receiver that is gone needs no notification.
            let upload = self.uploads.get(self.caller, &uid).await?;
            let chunk_request = first.chunk_request;
            let _gone = sender.send(AttachedUpload {
                upload,
                chunk_request,
            });
        }
        let first = Message {
            target: None,
            ..first
        };
        // A completed upload has ended already; its stream is only compared.
        let ended = match &attached {
            opened_upload::OpenedUpload::Open(_) => Some(self.uploads.subscribe(self.caller, &uid)),
            opened_upload::OpenedUpload::Complete(_) => None,
        };
        self.receive(attached, first, messages, ended, &notifier.looked_up)
            .await?;
        self.uploads.get(self.caller, &uid).await
    }

    async fn receive<S>(
        &self,
        mut upload: opened_upload::OpenedUpload,
        first: Message,
        mut messages: S,
        mut ended: Option<Subscription>,
        looked_up: &Notify,
    ) -> Result<(), Error>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin,
    {
        let mut min_rate = MinRate::new(self.uploads.bounds());
        let mut allowance = self.uploads.allowance(self.caller);
        let mut flushes = FlushTimer::start(self.uploads.flush_schedule());
        let mut turn = Received::Message(Box::new(first));
        let mut is_resting = false;
        loop {
            let done = match turn {
                Received::Message(message) => {
                    let bytes = message.write.as_ref().map(|write| write.content.len());
                    let bytes = bytes.unwrap_or_default();
                    min_rate.received(bytes);
                    let finishes = message.ends();
                    let looks_up = message.looks_up;
                    let is_due = flushes.is_due();
                    let spent = allowance.spend(bytes);
                    let mut taken = self
                        .wait(spent, &mut upload, &mut ended, flushes.after())
                        .await;
                    if taken.is_ok() {
                        taken = take(&mut upload, *message, is_due && !finishes).await;
                    }
                    if is_due {
                        flushes.restart(upload.take_commit_took());
                    }
                    if taken.is_ok() && finishes {
                        if !is_followed(&mut messages).await {
                            return upload.finish().await;
                        }
                        taken = Err(Error::WriteAfterFinish);
                    }
                    if looks_up {
                        looked_up.notify_one();
                    }
                    taken
                }
                Received::Rest => {
                    upload.rest();
                    Ok(())
                }
                Received::Pause if flushes.is_due() => {
                    let done = upload.flush().await;
                    flushes.restart(upload.take_commit_took());
                    upload.rest();
                    done
                }
                Received::Pause => Ok(()),
                Received::Broken(error) => Err(error),
                Received::End => return upload.flush().await,
                Received::Ended => return Err(upload.reason_of_loss().await?),
            };
            if let Err(error) = done {
                // The client does not repeat the chunks decided before the error. If this flush fails too, the first
                // error counts.
                let _second = upload.flush().await;
                return Err(error);
            }
            let wait = if is_resting { PAUSE_AFTER } else { REST_AFTER };
            turn = self
                .next(&mut messages, &mut min_rate, &mut ended, wait)
                .await;
            is_resting = matches!(turn, Received::Rest);
        }
    }

    /// Waits until the bytes of a message may be received. No other message is read meanwhile, so that the client
    /// waits too. The decided chunks are committed.
    async fn wait(
        &self,
        spent: impl Future<Output = ()> + Send,
        upload: &mut opened_upload::OpenedUpload,
        ended: &mut Option<Subscription>,
        flush_after: Duration,
    ) -> Result<(), Error> {
        tokio::pin!(spent);
        loop {
            tokio::select! {
                biased;
                () = &mut spent => return Ok(()),
                () = self.drain.cancelled() => return Err(Error::Draining),
                () = over(ended) => return Err(upload.reason_of_loss().await?),
                () = tokio::time::sleep(flush_after) => upload.flush().await?,
            }
        }
    }

    async fn next<S>(
        &self,
        messages: &mut S,
        min_rate: &mut MinRate,
        ended: &mut Option<Subscription>,
        wait: Duration,
    ) -> Received
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin,
    {
        let since = Instant::now();
        let turn = tokio::select! {
            biased;
            () = self.drain.cancelled() => Received::Broken(Error::Draining),
            () = over(ended) => Received::Ended,
            message = messages.next() => match message {
                Some(Ok(message)) => Received::Message(Box::new(message)),
                Some(Err(error)) => Received::Broken(error),
                None => Received::End,
            },
            () = tokio::time::sleep(wait) => if wait == REST_AFTER { Received::Rest } else { Received::Pause },
        };
        match (turn, min_rate.waited(since.elapsed())) {
            (Received::Message(_) | Received::Rest | Received::Pause, Err(error)) => {
                Received::Broken(error)
            }
            (turn, _) => turn,
        }
    }
}

async fn take(
    upload: &mut opened_upload::OpenedUpload,
    message: Message,
    is_due: bool,
) -> Result<(), Error> {
    if message.target.is_some() {
        return Err(Error::invalid(
            "target",
            "must be in the first message only",
        ));
    }
    upload.declare(message.declared)?;
    if let Some(write) = message.write {
        upload.write(write).await?;
    }
    if message.flushes {
        upload.flush().await?;
    } else if is_due {
        upload.hand_over().await?;
    }
    Ok(())
}

/// Waits until the upload is ended from outside this stream. Never returns for `None`.
async fn over(ended: &mut Option<Subscription>) {
    match ended {
        Some(ended) => ended.ended().await,
        None => std::future::pending().await,
    }
}

/// Whether a message follows the one with `finish_write`.
async fn is_followed<S>(messages: &mut S) -> bool
where
    S: Stream<Item = Result<Message, Error>> + Send + Unpin,
{
    let next = tokio::time::timeout(FINISH_WAIT, messages.next()).await;
    matches!(next, Ok(Some(Ok(_))))
}
