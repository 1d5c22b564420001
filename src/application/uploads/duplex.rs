//! An upload whose stream also carries responses: acks, chunks once they are committed, and the final state.
//!
//! The client's messages are received whether or not it reads responses. Only the newest ack is kept, and chunks are
//! read from the store, so that nothing piles up. A client that reads nothing for too long is disconnected.

use std::sync::Arc;

use tokio::sync::{Notify, oneshot};
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::catalog::chunks::range::ChunkRange;
use crate::application::catalog::chunks::stream::{Chunks, Versioned};
use crate::application::error::Error;
use crate::application::ports::uploads::Upload;
use crate::application::response_stream::{
    self, ResponseReceiver, ResponseSender, SendLimits, StopReason,
};
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::application::uploads::upload_stream::{
    AttachedUpload, Message, UploadNotifier, UploadStream,
};
use crate::domain::names::resource::DocumentName;

/// A response to the client.
#[derive(Debug)]
pub enum UploadResponse {
    /// The progress of the commits.
    Ack {
        /// Bytes of the source that are committed: a restart does not need them again.
        committed_offset: u64,
        /// The number of stored chunks.
        chunks: u64,
    },
    /// Committed chunks.
    Page(DocumentName, Vec<Versioned>),
    /// The upload after the last of the client's messages.
    Upload(Box<Upload>),
}

/// The use case of an upload with responses on the same stream.
#[derive(Clone, Debug)]
pub struct DuplexUpload {
    /// The uploads, which receive the bytes.
    pub uploads: UploadLifecycle,
    /// The reader of committed chunks.
    pub chunks: Chunks,
    /// Cancelled when the server shuts down.
    pub drain: CancellationToken,
}

impl DuplexUpload {
    /// Receives the client's messages, and returns the stream of responses.
    #[must_use]
    pub fn open<S>(&self, caller: &Caller, messages: S) -> ResponseReceiver<UploadResponse>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin + 'static,
    {
        let (sender, receiver) = response_stream::channel(SendLimits {
            drain: self.drain.clone(),
            slow_reader_max: Some(self.uploads.bounds().slow_reader_max),
        });
        let duplex_upload = self.clone();
        let caller = caller.clone();
        self.chunks.tasks.spawn(async move {
            let sent = duplex_upload.run(&caller, messages, &sender).await;
            sender.end(sent);
        });
        receiver
    }

    async fn run<S>(
        &self,
        caller: &Caller,
        messages: S,
        sender: &ResponseSender<UploadResponse>,
    ) -> Result<(), StopReason>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin,
    {
        let (attached, is_attached) = oneshot::channel();
        let looked_up = Arc::new(Notify::new());
        let enough = CancellationToken::new();
        let notifier = UploadNotifier {
            attached: Some(attached),
            looked_up: Arc::clone(&looked_up),
        };
        // Cancelled with the server's token, and when this client's messages are no longer needed.
        let drain = self.drain.child_token();
        let stream = UploadStream {
            uploads: &self.uploads,
            caller,
            drain: &drain,
        };
        let received = async {
            let received = stream.run(messages, notifier).await;
            enough.cancel();
            received
        };
        let sent = self.send_events(caller, is_attached, &looked_up, &enough, sender);
        tokio::pin!(received, sent);
        // Both run concurrently: a client that does not read must not stop the reading of its messages, possibly
        // forever.
        let upload = tokio::select! {
            received = &mut received => {
                let upload = received?;
                sent.await?;
                upload
            }
            sent = &mut sent => {
                if sent.is_err() {
                    // The decided chunks are committed first.
                    drain.cancel();
                    let _sent_away = received.await;
                    return sent;
                }
                received.await?
            }
        };
        sender.send(UploadResponse::Upload(Box::new(upload))).await
    }

    /// Sends acks, and chunks if the client wants them, until the stream is over and all are sent.
    async fn send_events(
        &self,
        caller: &Caller,
        is_attached: oneshot::Receiver<AttachedUpload>,
        looked_up: &Notify,
        enough: &CancellationToken,
        sender: &ResponseSender<UploadResponse>,
    ) -> Result<(), StopReason> {
        let attached = tokio::select! {
            attached = is_attached => attached,
            () = sender.gone() => return Err(StopReason::Gone),
        };
        // A stream that ended before it attached has nothing to send.
        let Ok(AttachedUpload {
            upload,
            chunk_request,
        }) = attached
        else {
            return Ok(());
        };
        let mut subscription = self.uploads.subscribe(caller, &upload.uid);
        let mut pages = chunk_request.map(|chunk_request| {
            let enough = enough.clone();
            let range = ChunkRange::from_ordinal(chunk_request.from_ordinal);
            self.chunks.follow(caller, &upload, range, enough)
        });
        let mut acked = None;
        loop {
            // In this order: the stream ends only after all pages and acks are sent.
            tokio::select! {
                biased;
                page = next(&mut pages) => match page {
                    Some(Ok(page)) => {
                        sender.send(UploadResponse::Page(upload.document.clone(), page)).await?;
                    }
                    // The stream returns a more precise error for the end of the upload.
                    Some(Err(Error::FollowedUploadEnded { .. })) | None => pages = None,
                    Some(Err(error)) => return Err(error.into()),
                },
                () = subscription.wait() => {
                    let state = subscription.latest();
                    let state = state.map(|state| (state.committed_bytes, state.chunks));
                    if let Some(state) = state.filter(|state| Some(*state) != acked) {
                        acked = Some(state);
                        let (committed_offset, chunks) = state;
                        sender.send(UploadResponse::Ack { committed_offset, chunks }).await?;
                    }
                }
                () = looked_up.notified() => {
                    let upload = self.uploads.get(caller, &upload.uid).await?;
                    let committed_offset = upload.committed_offset;
                    let chunks = upload.next_ordinal;
                    sender.send(UploadResponse::Ack { committed_offset, chunks }).await?;
                }
                () = enough.cancelled(), if pages.is_none() => return Ok(()),
                () = sender.gone() => return Err(StopReason::Gone),
            }
        }
    }
}

/// Returns the next page. Never returns if the client wants no pages.
async fn next(
    pages: &mut Option<ResponseReceiver<Vec<Versioned>>>,
) -> Option<Result<Vec<Versioned>, Error>> {
    match pages {
        Some(pages) => pages.next().await,
        None => std::future::pending().await,
    }
}
