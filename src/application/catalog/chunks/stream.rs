//! Reads chunks a page at a time by key, so that a reader can resume at any ordinal and holds no transaction open.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::catalog::chunks::levels::{ChosenLevels, LevelChunk};
use crate::application::catalog::chunks::range::{ChunkRange, UnreadRange};
use crate::application::catalog::chunks::search::Search;
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::events::bus::{Bus, Subscription};
use crate::application::ports::chunks::{Chunk, VersionKey};
use crate::application::ports::documents::{Document, Version, labels_bytes};
use crate::application::ports::store::Store;
use crate::application::ports::uploads::Upload;
use crate::application::response_stream::{
    self, ResponseReceiver, ResponseSender, SendLimits, StopReason,
};
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::names::resource::DocumentName;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::state::State;

/// The most text of a message with its contexts, sections and labels, in bytes. A single chunk with the parents that end
/// with it may have more, up to 2.2 MiB. gRPC clients accept messages of 4 MiB by default.
const PART_BYTES: usize = 1024 * 1024;

/// The use case of reading chunks.
#[derive(Clone, Debug)]
pub struct Chunks {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bus that announces the progress of uploads.
    pub bus: Arc<Bus>,
    /// The tasks of readers, which a shutdown waits for.
    pub tasks: TaskTracker,
    /// The limits of a stream to a reader.
    pub send_limits: SendLimits,
}

/// A chunk of a version.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The version.
    pub version: u64,
    /// The labels of its document.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The chunk.
    pub chunk: LevelChunk,
}

/// The chunks to read.
#[derive(Debug)]
struct ChunkSelection {
    of: VersionKey,
    labels: Arc<BTreeMap<String, String>>,
    until: Until,
    range: UnreadRange,
}

/// The end of the chunks to read.
#[derive(Debug)]
enum Until {
    /// The number of chunks.
    Count(u64),
    /// The end of the upload that stores the chunks. The token ends the wait for further chunks earlier.
    Upload(OperationUid, Subscription, CancellationToken),
}

/// The chunks that are stored, at the time of a read.
struct Stored {
    /// The state of their upload.
    state: State,
    /// The number of chunks.
    chunks: u64,
    /// Whether the reader waits for no further chunks.
    is_enough: bool,
}

impl Chunks {
    /// Streams the chunks of a range: those of the current version, or with `follow` those of the newest upload until
    /// it ends or the range does.
    ///
    /// # Errors
    ///
    /// Fails if the document, a version to read, or all of the levels do not exist.
    pub async fn stream(
        &self,
        caller: &Caller,
        name: &DocumentName,
        range: ChunkRange,
        follow: bool,
    ) -> Result<ResponseReceiver<Vec<Versioned>>, Error> {
        let document = self.document(caller, name).await?;
        if follow
            && let Some(upload) = self.store.newest_upload(caller, &document.uid).await?
            && upload.state == State::Running
        {
            check_levels(range.levels, &upload.spec)?;
            return Ok(self.follow(caller, &upload, range, CancellationToken::new()));
        }
        let (of, version) = current(&document)?;
        check_levels(range.levels, &version.spec)?;
        let until = Until::Count(version.chunks);
        let labels = Arc::new(document.labels.clone());
        let source = ChunkSelection {
            of,
            labels,
            until,
            range: UnreadRange::new(range),
        };
        Ok(self.read(caller, source))
    }

    /// Streams the chunks of a range of an upload, until the upload or the range ends, or `enough` is cancelled.
    /// Chunks that are stored by then are still sent.
    #[must_use]
    pub fn follow(
        &self,
        caller: &Caller,
        upload: &Upload,
        range: ChunkRange,
        enough: CancellationToken,
    ) -> ResponseReceiver<Vec<Versioned>> {
        let of = VersionKey {
            document: upload.document_uid,
            partition: upload.partition,
            version: upload.version,
        };
        let subscription = self.bus.subscribe(caller, upload.uid);
        let until = Until::Upload(upload.uid, subscription, enough);
        let labels = Arc::new(upload.labels.clone());
        let source = ChunkSelection {
            of,
            labels,
            until,
            range: UnreadRange::new(range),
        };
        self.read(caller, source)
    }

    fn read(&self, caller: &Caller, source: ChunkSelection) -> ResponseReceiver<Vec<Versioned>> {
        let (sender, receiver) = response_stream::channel(self.send_limits.clone());
        let chunks = self.clone();
        let caller = caller.clone();
        self.tasks.spawn(async move {
            let result = chunks.send_pages(&caller, source, &sender).await;
            sender.end(result);
        });
        receiver
    }

    /// Sends pages until the end of the chunks or of the range.
    async fn send_pages(
        &self,
        caller: &Caller,
        mut source: ChunkSelection,
        sender: &ResponseSender<Vec<Versioned>>,
    ) -> Result<(), StopReason> {
        while !source.range.is_over() {
            // These values are read before the page, so the page contains every chunk that was stored by then.
            let stored = self.refresh(caller, &mut source).await?;
            let page = self.page(caller, &mut source, &stored).await?;
            if let Some(first) = page.first() {
                // The sweep removes the first chunks of a version first.
                if Some(first.chunk.ordinal) != source.range.next() {
                    self.follow_move(caller, &mut source.of).await?;
                    continue;
                }
                let page = source.range.take(page);
                send(sender, &source, page).await?;
                continue;
            }
            match (stored.state, &mut source.until) {
                _ if source.range.is_over() => {}
                // The sweep has removed the remaining chunks.
                (State::Succeeded, _)
                    if source.range.next().is_some_and(|next| next < stored.chunks) =>
                {
                    self.follow_move(caller, &mut source.of).await?;
                }
                (State::Running, Until::Upload(_, subscription, enough)) if !stored.is_enough => {
                    tokio::select! {
                        () = subscription.wait() => {}
                        () = enough.cancelled() => {}
                        stop_reason = sender.stopped() => return Err(stop_reason),
                    }
                }
                (State::Succeeded | State::Running, _) => return Ok(()),
                (State::Failed | State::Cancelled, _) => {
                    let state = stored.state.name();
                    return Err(Error::FollowedUploadEnded { state }.into());
                }
            }
        }
        Ok(())
    }

    /// Returns how many chunks are stored, and whether more will be. Updates the partition and the labels of a source
    /// that is still uploaded.
    async fn refresh(&self, caller: &Caller, source: &mut ChunkSelection) -> Result<Stored, Error> {
        match &source.until {
            Until::Count(chunks) => Ok(Stored {
                state: State::Succeeded,
                chunks: *chunks,
                is_enough: true,
            }),
            Until::Upload(uid, _, enough) => {
                let is_enough = enough.is_cancelled();
                let upload = self.store.upload(caller, uid).await?;
                let upload = upload.ok_or(Error::NotFound { kind: "upload" })?;
                // A move copies the chunks that were stored before its end. Later chunks are stored in the new
                // partition.
                source.of.partition = upload.partition;
                source.labels = Arc::new(upload.labels);
                Ok(Stored {
                    state: upload.state,
                    chunks: upload.next_ordinal,
                    is_enough,
                })
            }
        }
    }

    /// Returns the next page, which is empty while the first chunk of the range is not stored.
    async fn page(
        &self,
        caller: &Caller,
        source: &mut ChunkSelection,
        stored: &Stored,
    ) -> Result<Vec<Chunk>, Error> {
        // The chunks of an upload that failed may be removed at any time, so they are not searched.
        if matches!(stored.state, State::Succeeded | State::Running) {
            let search = Search {
                store: self.store.as_ref(),
                caller,
                of: &mut source.of,
            };
            source.range.find_start(search, stored.chunks).await?;
        }
        let range = &source.range;
        match range.next().filter(|_| !range.is_over()) {
            Some(next) => {
                let page = self.store.chunks(caller, source.of, next, range.rows());
                Ok(page.await?)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Follows a move of the document to its new partition. Fails if the document was not moved: its chunks were
    /// swept.
    pub(super) async fn follow_move(
        &self,
        caller: &Caller,
        of: &mut VersionKey,
    ) -> Result<(), Error> {
        let store = self.store.as_ref();
        let partition = &mut of.partition;
        let has_moved = relocation::follow(store, caller, &of.document, partition).await?;
        has_moved.then_some(()).ok_or(Error::VersionGone)
    }

    pub(super) async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Document, Error> {
        self.store
            .document(caller, name)
            .await?
            .ok_or(Error::NotFound { kind: "document" })
    }
}

/// Returns the current version, and the location of its chunks.
pub(super) fn current(document: &Document) -> Result<(VersionKey, &Version), Error> {
    let version = document.current.as_ref().ok_or(Error::NotFound {
        kind: "complete version",
    })?;
    let of = VersionKey {
        document: document.uid,
        partition: document.partition,
        version: version.version,
    };
    Ok((of, version))
}

/// Refuses a choice of levels if a version of that spec has none of them.
fn check_levels(levels: ChosenLevels, spec: &Spec) -> Result<(), Error> {
    let parents = spec.parents().len();
    if levels.coarsest(parents).is_some() {
        return Ok(());
    }
    let message = format!("must have one of the document's levels, which are 0 to {parents}");
    Err(Error::invalid("levels", message))
}

/// Sends chunks in parts that fit a message.
async fn send(
    sender: &ResponseSender<Vec<Versioned>>,
    source: &ChunkSelection,
    page: Vec<LevelChunk>,
) -> Result<(), StopReason> {
    for part in parts(page, labels_bytes(&source.labels)) {
        let versioned = part.into_iter().map(|chunk| Versioned {
            version: source.of.version,
            labels: Arc::clone(&source.labels),
            chunk,
        });
        sender.send(versioned.collect()).await?;
    }
    Ok(())
}

/// Cuts chunks into parts that fit a message. `labels_bytes` is the size of the labels of each. Chunks that end with the
/// same chunk of the finest level stay together, so that a reader can resume after each part.
#[must_use]
pub fn parts(chunks: Vec<LevelChunk>, labels_bytes: usize) -> Vec<Vec<LevelChunk>> {
    let mut parts: Vec<Vec<LevelChunk>> = Vec::new();
    let mut bytes = PART_BYTES;
    let mut chunks = chunks.into_iter().peekable();
    while let Some(first) = chunks.next() {
        let last_ordinal = first.last_ordinal;
        let mut together = vec![first];
        while let Some(next) = chunks.next_if(|next| next.last_ordinal == last_ordinal) {
            together.push(next);
        }
        let size = together.iter().map(|chunk| chunk.bytes() + labels_bytes);
        let size = size.sum::<usize>();
        bytes += size;
        match parts.last_mut() {
            Some(part) if bytes <= PART_BYTES => part.extend(together),
            _ => {
                bytes = size;
                parts.push(together);
            }
        }
    }
    parts
}
