//! The difference between two versions of a document, sent in parts. First come the chunks of the newer version in
//! order, each as added or kept by its content. Then come the contents that the newer version has less often. Added
//! and removed keys are the difference of both versions' multisets of keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::caller::Caller;
use crate::application::catalog::change_event::ChangeEvent;
use crate::application::catalog::chunks::{Versioned, parts};
use crate::application::catalog::relocation;
use crate::application::catalog::version_contents::{CHUNK_BYTES, Comparison, VersionContents};
use crate::application::error::Error;
use crate::application::memory::budget::MemoryBudget;
use crate::application::ports::chunks::{CHUNK_PAGE_ROWS, Chunk, VersionKey};
use crate::application::ports::documents::Document;
use crate::application::ports::store::Store;
use crate::domain::ingest::batch;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::names::uid::DocumentUid;

/// The most chunks of a version that a newer one is compared with: 8 MB of contents. After a version with more chunks
/// the newer one is sent anew.
const CHUNKS_MAX: u64 = 200_000;
/// The chunks without text that are read at once: about 250 KB with usual contexts.
pub(super) const HEAD_ROWS: u32 = 1_000;

/// The position of a follower within a document.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Within {
    /// The document.
    pub document: DocumentUid,
    /// The version that the follower has; 0 if it has none.
    pub before: u64,
    /// The version that it receives.
    pub version: u64,
    /// The ordinal of the next chunk to send.
    pub ordinal: u64,
    /// The number of chunks of the older version that were checked for removed contents.
    pub removed: u64,
}

/// The store and the caller of a comparison.
#[derive(Clone, Debug)]
pub struct DiffContext {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The memory for comparing.
    pub budget: MemoryBudget,
    /// The caller that follows the changes.
    pub caller: Caller,
    /// The collection of all the documents.
    pub collection: CollectionId,
}

impl DiffContext {
    /// Reads the next chunks of a version's first `until`, from ordinal `from` on, without text. Returns `None` if the
    /// version is being swept.
    async fn heads(
        &self,
        of: VersionKey,
        from: u64,
        until: u64,
    ) -> Result<Option<Vec<batch::Chunk>>, Error> {
        let left = u32::try_from(until - from).unwrap_or(u32::MAX);
        let rows = left.min(HEAD_ROWS);
        let page = self.store.chunk_heads(&self.caller, of, from, rows).await?;
        // The sweep removes the first chunks of a version first.
        let is_next = page.first().is_some_and(|first| first.ordinal == from);
        Ok(is_next.then_some(page))
    }
}

/// A difference that is being sent.
pub(crate) struct Difference<'a> {
    source: &'a DiffContext,
    name: DocumentName,
    document: Document,
    labels: Arc<BTreeMap<String, String>>,
    within: Within,
    /// The number of chunks of the newer version. `None` means that it is swept.
    chunks: Option<u64>,
    /// The contents of the older version. `None` means that the follower keeps nothing.
    before: Option<VersionContents>,
    /// The parts of the current page that are still to be sent.
    read: std::vec::IntoIter<Vec<Chunk>>,
    is_begun: bool,
}

/// The next events of a difference.
pub(crate) enum DiffPage {
    /// Events, and the position of the follower after them.
    Part(Vec<ChangeEvent>, Within),
    /// The last events.
    Last(Vec<ChangeEvent>),
}

impl<'a> Difference<'a> {
    pub(crate) async fn new(
        source: &'a DiffContext,
        document: Document,
        within: Within,
    ) -> Result<Self, Error> {
        let store = &source.store;
        let caller = &source.caller;
        let chunks = store
            .version_chunks(caller, &document.uid, within.version)
            .await?;
        let name = DocumentName {
            collection: source.collection.clone(),
            document: document.id.clone(),
        };
        let mut difference = Self {
            source,
            name,
            labels: Arc::new(document.labels.clone()),
            document,
            within,
            chunks,
            before: None,
            read: vec![].into_iter(),
            is_begun: within.ordinal > 0,
        };
        if within.before > 0 && chunks.is_some() {
            difference.before = difference.contents(within.before).await?;
            match difference.before {
                None => difference.begin_anew(),
                Some(_) => difference.count_sent().await?,
            }
        }
        Ok(difference)
    }

    /// Returns the next events.
    pub(crate) async fn next(&mut self) -> Result<DiffPage, Error> {
        let Some(chunks) = self.chunks else {
            return Ok(DiffPage::Last(vec![ChangeEvent::Reset(self.name.clone())]));
        };
        // The reset is sent together with the first chunks. Alone it would not advance the cursor, and a follower
        // that reads one response a call would make no progress.
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let mut events = Vec::new();
        if is_first && self.before.is_none() {
            events.push(ChangeEvent::Reset(self.name.clone()));
        }
        if is_first {
            let document = Box::new(self.document.clone());
            events.push(ChangeEvent::Document(
                self.source.collection.clone(),
                document,
            ));
        }
        if self.within.ordinal < chunks {
            return self.next_chunks(events).await;
        }
        if let Some(removed) = self.next_removed().await? {
            events.extend(removed);
            return Ok(DiffPage::Part(events, self.within));
        }
        events.push(ChangeEvent::Complete {
            document: self.name.clone(),
            version: self.within.version,
            chunks,
        });
        Ok(DiffPage::Last(events))
    }

    async fn next_chunks(&mut self, mut events: Vec<ChangeEvent>) -> Result<DiffPage, Error> {
        if self.read.len() == 0 {
            let store = &self.source.store;
            let caller = &self.source.caller;
            let of = self.of(self.within.version);
            let from = self.within.ordinal;
            let page = store.chunks(caller, of, from, CHUNK_PAGE_ROWS).await?;
            let is_next = page
                .first()
                .is_some_and(|first| first.chunk.ordinal == from);
            if !is_next && self.follow_move().await? {
                return Ok(DiffPage::Part(events, self.within));
            }
            if !is_next {
                // The version is being swept: the chunks that were sent of it are no longer valid.
                self.chunks = None;
                return Ok(DiffPage::Last(vec![ChangeEvent::Reset(self.name.clone())]));
            }
            self.read = parts(page).into_iter();
        }
        let part = self.read.next().unwrap_or_default();
        for mut chunk in part {
            self.within.ordinal = chunk.chunk.ordinal + 1;
            let comparison = match &mut self.before {
                Some(before) => before.compare(&chunk.chunk),
                None => Comparison::NEW,
            };
            if let Comparison::Kept { .. } = comparison {
                chunk.text.clear();
            }
            let chunk = Versioned {
                version: self.within.version,
                labels: Arc::clone(&self.labels),
                chunk,
            };
            let document = self.name.clone();
            events.push(match comparison {
                Comparison::Kept { is_moved } => ChangeEvent::Kept {
                    document,
                    chunk,
                    is_moved,
                },
                Comparison::Added { is_text_kept } => ChangeEvent::Added {
                    document,
                    chunk,
                    is_text_kept,
                },
            });
        }
        Ok(DiffPage::Part(events, self.within))
    }

    /// Follows a move of the document since it was read. Returns `false` if it was not moved.
    async fn follow_move(&mut self) -> Result<bool, Error> {
        let store = self.source.store.as_ref();
        let caller = &self.source.caller;
        let Document { uid, partition, .. } = &mut self.document;
        Ok(relocation::follow(store, caller, uid, partition).await?)
    }

    /// Returns the next contents of the older version that the newer one has less often.
    async fn next_removed(&mut self) -> Result<Option<Vec<ChangeEvent>>, Error> {
        let of = self.of(self.within.before);
        while let Some(before) = &mut self.before {
            let from = self.within.removed;
            let chunks = before.chunks();
            if from >= chunks {
                break;
            }
            let Some(heads) = self.source.heads(of, from, chunks).await? else {
                self.begin_anew();
                return Ok(Some(vec![]));
            };
            self.within.removed += heads.len() as u64;
            let gone = heads.into_iter().filter_map(|head| {
                Some(ChangeEvent::Removed {
                    left: before.remove(&head.key)?,
                    document: self.name.clone(),
                    key: head.key,
                })
            });
            let events = gone.collect::<Vec<_>>();
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    /// Reads the contents of a version. Returns `None` if it is swept or too large to be compared.
    async fn contents(&self, version: u64) -> Result<Option<VersionContents>, Error> {
        let store = &self.source.store;
        let caller = &self.source.caller;
        let chunks = store
            .version_chunks(caller, &self.document.uid, version)
            .await?;
        let Some(chunks) = chunks.filter(|chunks| *chunks <= CHUNKS_MAX) else {
            return Ok(None);
        };
        let bytes = usize::try_from(chunks).unwrap_or(usize::MAX) * CHUNK_BYTES;
        let held = self.source.budget.hold(caller, bytes).await?;
        let mut contents = VersionContents::new(chunks, held);
        while contents.len() < chunks {
            let from = contents.len();
            let page = self.source.heads(self.of(version), from, chunks).await?;
            let Some(page) = page else {
                return Ok(None);
            };
            for head in &page {
                contents.push(head);
            }
        }
        contents.sort();
        Ok(Some(contents))
    }

    /// Counts the chunks that were sent before the follower resumed.
    async fn count_sent(&mut self) -> Result<(), Error> {
        if !self.count_compared().await? {
            self.chunks = None;
        } else if !self.count_removed().await? {
            self.begin_anew();
        }
        Ok(())
    }

    /// Counts the chunks of the newer version that were compared. Returns `false` if it is being swept.
    async fn count_compared(&mut self) -> Result<bool, Error> {
        let until = self.within.ordinal;
        let mut from = 0;
        while from < until {
            let of = self.of(self.within.version);
            let Some(page) = self.source.heads(of, from, until).await? else {
                if self.follow_move().await? {
                    continue;
                }
                return Ok(false);
            };
            from += page.len() as u64;
            if let Some(before) = &mut self.before {
                for head in &page {
                    before.compare(head);
                }
            }
        }
        Ok(true)
    }

    /// Counts the chunks of the older version that were checked for removed contents. Returns `false` if it is being
    /// swept.
    async fn count_removed(&mut self) -> Result<bool, Error> {
        let of = self.of(self.within.before);
        let until = self.within.removed;
        let mut from = 0;
        while let Some(before) = &mut self.before
            && from < until
        {
            let Some(page) = self.source.heads(of, from, until).await? else {
                return Ok(false);
            };
            from += page.len() as u64;
            for head in &page {
                before.remove(&head.key);
            }
        }
        Ok(true)
    }

    /// Starts anew: the older version can no longer be compared, so all chunks of the newer one are sent after a
    /// reset.
    fn begin_anew(&mut self) {
        (self.before, self.is_begun) = (None, false);
        self.within = Within {
            before: 0,
            ordinal: 0,
            removed: 0,
            ..self.within
        };
    }

    fn of(&self, version: u64) -> VersionKey {
        VersionKey {
            document: self.document.uid,
            partition: self.document.partition,
            version,
        }
    }
}
