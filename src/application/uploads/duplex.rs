//! An upload whose stream also carries responses: acks, chunks once they are committed, and the final state.
//!
//! The client's messages are received whether or not it reads responses. Only the newest ack is kept, and chunks are
//! read from the store, so that nothing piles up. A client that reads nothing for too long is disconnected.

use std::sync::Arc;

use tokio::sync::{Notify, oneshot};
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::catalog::chunks::{Chunks, Versioned};
use crate::application::error::Error;
use crate::application::ports::uploads::Upload;
use crate::application::response_stream::{self, Halt, Inbox, Outbox, SendLimits};
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::application::uploads::receive::{Attached, Listener, Message, Session};
use crate::domain::names::resource::DocumentName;

/// A response to the client.
#[derive(Debug)]
pub enum News {
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
pub struct Conversation {
    /// The uploads, which receive the bytes.
    pub uploads: UploadLifecycle,
    /// The reader of committed chunks.
    pub chunks: Chunks,
    /// Cancelled when the server shuts down.
    pub drain: CancellationToken,
}

impl Conversation {
    /// Receives the client's messages, and returns the stream of responses.
    #[must_use]
    pub fn open<S>(&self, caller: &Caller, messages: S) -> Inbox<News>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin + 'static,
    {
        let (outbox, inbox) = response_stream::channel(SendLimits {
            drain: self.drain.clone(),
            slow_reader_max: Some(self.uploads.bounds().slow_reader_max),
        });
        let conversation = self.clone();
        let caller = caller.clone();
        self.chunks.tasks.spawn(async move {
            let sent = conversation.run(&caller, messages, &outbox).await;
            outbox.end(sent);
        });
        inbox
    }

    async fn run<S>(&self, caller: &Caller, messages: S, outbox: &Outbox<News>) -> Result<(), Halt>
    where
        S: Stream<Item = Result<Message, Error>> + Send + Unpin,
    {
        let (attached, is_attached) = oneshot::channel();
        let looked_up = Arc::new(Notify::new());
        let enough = CancellationToken::new();
        let listener = Listener {
            attached: Some(attached),
            looked_up: Arc::clone(&looked_up),
        };
        // Cancelled with the server's token, and when this client's messages are no longer needed.
        let drain = self.drain.child_token();
        let session = Session {
            uploads: &self.uploads,
            caller,
            drain: &drain,
        };
        let received = async {
            let received = session.run(messages, listener).await;
            enough.cancel();
            received
        };
        let sent = self.send_events(caller, is_attached, &looked_up, &enough, outbox);
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
        outbox.send(News::Upload(Box::new(upload))).await
    }

    /// Sends acks, and chunks if the client wants them, until the session is over and all are sent.
    async fn send_events(
        &self,
        caller: &Caller,
        is_attached: oneshot::Receiver<Attached>,
        looked_up: &Notify,
        enough: &CancellationToken,
        outbox: &Outbox<News>,
    ) -> Result<(), Halt> {
        let attached = tokio::select! {
            attached = is_attached => attached,
            () = outbox.gone() => return Err(Halt::Gone),
        };
        // A session that ended before it attached has nothing to send.
        let Ok(Attached { upload, wish }) = attached else {
            return Ok(());
        };
        let mut news = self.uploads.subscribe(caller, &upload.uid);
        let mut pages = wish.map(|wish| {
            let enough = enough.clone();
            self.chunks
                .follow(caller, &upload, wish.from_ordinal, enough)
        });
        let mut acked = None;
        loop {
            // In this order: the stream ends only after all pages and acks are sent.
            tokio::select! {
                biased;
                page = next(&mut pages) => match page {
                    Some(Ok(page)) => {
                        outbox.send(News::Page(upload.document.clone(), page)).await?;
                    }
                    // The session returns a more precise error for the end of the upload.
                    Some(Err(Error::FollowedUploadEnded { .. })) | None => pages = None,
                    Some(Err(error)) => return Err(error.into()),
                },
                () = news.wait() => {
                    let state = news.latest().map(|state| (state.committed_bytes, state.chunks));
                    if let Some(state) = state.filter(|state| Some(*state) != acked) {
                        acked = Some(state);
                        let (committed_offset, chunks) = state;
                        outbox.send(News::Ack { committed_offset, chunks }).await?;
                    }
                }
                () = looked_up.notified() => {
                    let upload = self.uploads.get(caller, &upload.uid).await?;
                    let committed_offset = upload.committed_offset;
                    let chunks = upload.next_ordinal;
                    outbox.send(News::Ack { committed_offset, chunks }).await?;
                }
                () = enough.cancelled(), if pages.is_none() => return Ok(()),
                () = outbox.gone() => return Err(Halt::Gone),
            }
        }
    }
}

/// Returns the next page. Never returns if the client wants no pages.
async fn next(pages: &mut Option<Inbox<Vec<Versioned>>>) -> Option<Result<Vec<Versioned>, Error>> {
    match pages {
        Some(pages) => pages.next().await,
        None => std::future::pending().await,
    }
}
