//! Reading chunks: a page at a time by key, so that a reader resumes anywhere and holds up nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::events::bus::{Bus, Subscription};
use crate::application::ports::chunks::{Chunk, Of};
use crate::application::ports::clock::Uid;
use crate::application::ports::documents::{Document, Version};
use crate::application::ports::state::State;
use crate::application::ports::store::Store;
use crate::application::ports::uploads::Upload;
use crate::application::response_stream::{self, Halt, Inbox, Outbox, Patience};
use crate::domain::names::resource::DocumentName;

/// Rows a page at most: some 64 KiB of usual chunks.
pub const PAGE_ROWS: u32 = 64;
/// The most text of a message, unless one chunk alone has more: clients take 4 MiB as a rule.
const PART_BYTES: usize = 1024 * 1024;

/// The use case of reading chunks.
#[derive(Clone, Debug)]
pub struct Chunks {
    /// Where chunks are.
    pub store: Arc<dyn Store>,
    /// Where the news of uploads is.
    pub bus: Arc<Bus>,
    /// Who waits for readers when the server stops.
    pub tasks: TaskTracker,
    /// How long a reader is waited for.
    pub patience: Patience,
}

/// A chunk of a version.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The version.
    pub version: u64,
    /// The labels of its document.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The chunk.
    pub chunk: Chunk,
}

/// What is read.
#[derive(Debug)]
struct Source {
    of: Of,
    labels: Arc<BTreeMap<String, String>>,
    until: Until,
}

/// Where the chunks end.
#[derive(Debug)]
enum Until {
    /// With so many.
    Count(u64),
    /// With the upload that makes them, or when the reader is told that it need not wait.
    Upload(Uid, Subscription, CancellationToken),
}

impl Chunks {
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
        let document = self.document(caller, name).await?;
        let of = current(&document)?.0;
        let found = self.store.chunks(caller, of, ordinal, 1).await?;
        let chunk = found
            .into_iter()
            .find(|found| found.chunk.ordinal == ordinal);
        Ok(Versioned {
            version: of.version,
            labels: Arc::new(document.labels),
            chunk: chunk.ok_or(Error::NotFound { kind: "chunk" })?,
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
    ) -> Result<Inbox<Vec<Versioned>>, Error> {
        let document = self.document(caller, name).await?;
        if follow
            && let Some(upload) = self.store.newest_upload(caller, &document.uid).await?
            && upload.state == State::Running
        {
            return Ok(self.follow(caller, &upload, from, CancellationToken::new()));
        }
        let (of, version) = current(&document)?;
        let until = Until::Count(version.chunks);
        let labels = Arc::new(document.labels.clone());
        Ok(self.read(caller, Source { of, labels, until }, from))
    }

    /// The chunks of an upload from ordinal `from` on, until it ends or `enough` is cancelled; then
    /// what is stored is still read.
    #[must_use]
    pub fn follow(
        &self,
        caller: &Caller,
        upload: &Upload,
        from: u64,
        enough: CancellationToken,
    ) -> Inbox<Vec<Versioned>> {
        let of = Of {
            document: upload.document_uid,
            partition: upload.partition,
            version: upload.version,
        };
        let subscription = self.bus.subscribe(caller, upload.uid);
        let until = Until::Upload(upload.uid, subscription, enough);
        let labels = Arc::new(upload.about.labels.clone());
        self.read(caller, Source { of, labels, until }, from)
    }

    fn read(&self, caller: &Caller, source: Source, from: u64) -> Inbox<Vec<Versioned>> {
        let (outbox, inbox) = response_stream::channel(self.patience.clone());
        let (chunks, caller) = (self.clone(), caller.clone());
        self.tasks.spawn(async move {
            let told = chunks.tell(&caller, source, from, &outbox).await;
            outbox.end(told);
        });
        inbox
    }

    /// Sends pages until there are no more.
    async fn tell(
        &self,
        caller: &Caller,
        mut source: Source,
        mut from: u64,
        outbox: &Outbox<Vec<Versioned>>,
    ) -> Result<(), Halt> {
        loop {
            // Both are read before the page: what was stored by then is in the page.
            let (state, chunks, is_enough) = match &source.until {
                Until::Count(chunks) => (State::Succeeded, *chunks, true),
                Until::Upload(uid, _, enough) => {
                    let is_enough = enough.is_cancelled();
                    let upload = self.store.upload(caller, uid).await?;
                    let upload = upload.ok_or(Error::NotFound { kind: "upload" })?;
                    // A move takes along what was written before it ended; what comes is there.
                    source.of.partition = upload.partition;
                    (upload.state, upload.next_ordinal, is_enough)
                }
            };
            let page = self
                .store
                .chunks(caller, source.of, from, PAGE_ROWS)
                .await?;
            if let (Some(first), Some(last)) = (page.first(), page.last()) {
                // The sweep takes the first chunks first.
                if first.chunk.ordinal != from {
                    self.follow_move(caller, &mut source.of).await?;
                    continue;
                }
                from = last.chunk.ordinal + 1;
                send(outbox, &source, page).await?;
                continue;
            }
            match (state, &mut source.until) {
                // They are swept already.
                (State::Succeeded, _) if from < chunks => {
                    self.follow_move(caller, &mut source.of).await?;
                }
                (State::Running, Until::Upload(_, subscription, enough)) if !is_enough => {
                    tokio::select! {
                        () = subscription.wait() => {}
                        () = enough.cancelled() => {}
                        halt = outbox.halted() => return Err(halt),
                    }
                }
                (State::Succeeded | State::Running, _) => return Ok(()),
                (State::Failed | State::Cancelled, _) => {
                    let state = state.name();
                    return Err(Error::FollowedUploadEnded { state }.into());
                }
            }
        }
    }

    /// Goes where the document has been moved to; fails if it was not, so the chunks are swept.
    async fn follow_move(&self, caller: &Caller, of: &mut Of) -> Result<(), Error> {
        let (store, partition) = (self.store.as_ref(), &mut of.partition);
        let has_moved = relocation::follow(store, caller, &of.document, partition).await?;
        has_moved.then_some(()).ok_or(Error::VersionGone)
    }

    async fn document(&self, caller: &Caller, name: &DocumentName) -> Result<Document, Error> {
        self.store
            .document(caller, name)
            .await?
            .ok_or(Error::NotFound { kind: "document" })
    }
}

/// The current version, and where its chunks are.
fn current(document: &Document) -> Result<(Of, &Version), Error> {
    let version = document.current.as_ref().ok_or(Error::NotFound {
        kind: "complete version",
    })?;
    let of = Of {
        document: document.uid,
        partition: document.partition,
        version: version.version,
    };
    Ok((of, version))
}

/// Sends a page in parts that fit a message.
async fn send(
    outbox: &Outbox<Vec<Versioned>>,
    source: &Source,
    page: Vec<Chunk>,
) -> Result<(), Halt> {
    for part in parts(page) {
        let versioned = part.into_iter().map(|chunk| Versioned {
            version: source.of.version,
            labels: Arc::clone(&source.labels),
            chunk,
        });
        outbox.send(versioned.collect()).await?;
    }
    Ok(())
}

/// Cuts a page into parts that fit a message.
#[must_use]
pub fn parts(page: Vec<Chunk>) -> Vec<Vec<Chunk>> {
    let mut parts: Vec<Vec<Chunk>> = Vec::new();
    let mut bytes = PART_BYTES;
    for chunk in page {
        bytes += chunk.text.len();
        match parts.last_mut() {
            Some(part) if bytes <= PART_BYTES => part.push(chunk),
            _ => {
                bytes = chunk.text.len();
                parts.push(vec![chunk]);
            }
        }
    }
    parts
}
