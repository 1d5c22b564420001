//! Reading chunks: a page at a time by key, so that a reader resumes anywhere and holds up nobody.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::chunks::{Chunk, Of};
use crate::application::ports::clock::Uid;
use crate::application::ports::documents::Document;
use crate::application::ports::state::State;
use crate::application::ports::store::Store;
use crate::application::watch::{Bus, Subscription};
use crate::domain::name::DocumentName;

/// Rows a page: some 16 KiB of usual chunks, 8 MiB of the largest that there can be.
const PAGE_ROWS: u32 = 16;
/// The most text of a message, unless one chunk alone has more: clients take 4 MiB as a rule.
const PART_BYTES: usize = 1024 * 1024;

/// The use case of reading chunks.
#[derive(Clone, Debug)]
pub struct Chunks {
    store: Arc<dyn Store>,
    bus: Arc<Bus>,
    tasks: TaskTracker,
    drain: CancellationToken,
}

/// A chunk of a version.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The version.
    pub version: u64,
    /// The chunk.
    pub chunk: Chunk,
}

/// Pages of chunks in order; the end of the channel is the end of the chunks.
pub type Pages = mpsc::Receiver<Result<Vec<Versioned>, Error>>;

impl Chunks {
    /// Over this store and bus. Readers are sent away when `drain` is cancelled.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<Bus>,
        tasks: TaskTracker,
        drain: CancellationToken,
    ) -> Self {
        Self {
            store,
            bus,
            tasks,
            drain,
        }
    }

    /// A chunk of the document's current version.
    ///
    /// # Errors
    ///
    /// Fails if there is no such document, version or chunk.
    pub async fn get(
        &self,
        caller: &Caller,
        name: &DocumentName,
        ordinal: u64,
    ) -> Result<Versioned, Error> {
        let (_, of) = self.current(caller, name).await?;
        let found = self
            .store
            .chunks(caller, of, ordinal, 1)
            .await?
            .into_iter()
            .next();
        let chunk = found.filter(|found| found.chunk.ordinal == ordinal);
        let chunk = chunk.ok_or(Error::NotFound { kind: "chunk" })?;
        Ok(Versioned {
            version: of.version,
            chunk,
        })
    }

    /// The chunks from ordinal `from` on: of the current version, or with `follow` of the newest
    /// upload until that ends.
    ///
    /// # Errors
    ///
    /// Fails if there is no such document or no version to read.
    pub async fn stream(
        &self,
        caller: &Caller,
        name: &DocumentName,
        from: u64,
        follow: bool,
    ) -> Result<Pages, Error> {
        let source = if follow {
            self.newest(caller, name).await?
        } else {
            None
        };
        let (of, followed) = match source {
            Some((of, uid, subscription)) => (of, Some((uid, subscription))),
            None => (self.current(caller, name).await?.1, None),
        };
        // One page is read while the one before is sent.
        let (pages, receiver) = mpsc::channel(1);
        let (store, drain) = (Arc::clone(&self.store), self.drain.clone());
        let reader = Reader {
            store,
            caller: caller.clone(),
            of,
            pages,
            drain,
        };
        self.tasks.spawn(reader.run(from, followed));
        Ok(receiver)
    }

    async fn current(&self, caller: &Caller, name: &DocumentName) -> Result<(Document, Of), Error> {
        let document = self.document(caller, name).await?;
        let current = document.current.as_ref().ok_or(Error::NotFound {
            kind: "complete version",
        })?;
        let of = Of {
            document: document.uid,
            partition: document.partition,
            version: current.version,
        };
        Ok((document, of))
    }

    /// The newest upload's version, if it is running.
    async fn newest(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<(Of, Uid, Subscription)>, Error> {
        let document = self.document(caller, name).await?;
        let upload = self.store.newest_upload(caller, &document.uid).await?;
        let running = upload.filter(|upload| upload.state == State::Uploading);
        Ok(running.map(|upload| {
            let of = Of {
                document: document.uid,
                partition: document.partition,
                version: upload.version,
            };
            (of, upload.uid, self.bus.subscribe(upload.uid))
        }))
    }

    async fn document(&self, caller: &Caller, name: &DocumentName) -> Result<Document, Error> {
        self.store
            .document(caller, name)
            .await?
            .ok_or(Error::NotFound { kind: "document" })
    }
}

struct Reader {
    store: Arc<dyn Store>,
    caller: Caller,
    of: Of,
    pages: mpsc::Sender<Result<Vec<Versioned>, Error>>,
    drain: CancellationToken,
}

impl Reader {
    /// Sends pages until there are no more, or the client is gone.
    async fn run(self, mut from: u64, mut followed: Option<(Uid, Subscription)>) {
        loop {
            // The state is read before the page: what an ended upload stored is in the page.
            let state = match &followed {
                None => Ok(State::Succeeded),
                Some((uid, _)) => self.followed_state(uid).await,
            };
            let page = self
                .store
                .chunks(&self.caller, self.of, from, PAGE_ROWS)
                .await;
            let (state, page) = match (state, page) {
                (Ok(state), Ok(page)) => (state, page),
                (Err(error), _) => return self.fail(error).await,
                (_, Err(error)) => return self.fail(error.into()).await,
            };
            if let Some(last) = page.last() {
                from = last.chunk.ordinal + 1;
                if self.send(page).await.is_err() {
                    return; // The client is gone.
                }
                if self.drain.is_cancelled() {
                    return self.fail(Error::Draining).await;
                }
                continue;
            }
            match (state, &mut followed) {
                (State::Uploading, Some((_, subscription))) => tokio::select! {
                    () = subscription.wait() => {}
                    () = self.pages.closed() => return,
                    () = self.drain.cancelled() => return self.fail(Error::Draining).await,
                },
                (State::Succeeded | State::Uploading, _) => return,
                (State::Failed | State::Cancelled, _) => {
                    return self
                        .fail(Error::FollowedUploadEnded {
                            state: state.name(),
                        })
                        .await;
                }
            }
        }
    }

    /// Sends a page in parts that fit a message.
    async fn send(
        &self,
        page: Vec<Chunk>,
    ) -> Result<(), mpsc::error::SendError<Result<Vec<Versioned>, Error>>> {
        let (mut part, mut bytes) = (Vec::new(), 0);
        for chunk in page {
            if bytes + chunk.text.len() > PART_BYTES && !part.is_empty() {
                self.pages.send(Ok(std::mem::take(&mut part))).await?;
                bytes = 0;
            }
            bytes += chunk.text.len();
            part.push(Versioned {
                version: self.of.version,
                chunk,
            });
        }
        self.pages.send(Ok(part)).await
    }

    async fn followed_state(&self, uid: &Uid) -> Result<State, Error> {
        let upload = self.store.upload(&self.caller, uid).await?;
        Ok(upload.ok_or(Error::NotFound { kind: "upload" })?.state)
    }

    async fn fail(&self, error: Error) {
        // The client is told, or is gone.
        let _gone = self.pages.send(Err(error)).await;
    }
}
