//! The difference between two versions of a document, sent in parts. First come the chunks of the newer version in
//! order, each as added or kept by its content. Then come the contents that the newer version no longer has.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::caller::Caller;
use crate::application::catalog::chunks::{PAGE_ROWS, Versioned, parts};
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::memory::budget::Budget;
use crate::application::memory::pool::Permit;
use crate::application::ports::chunks::{Chunk, Of};
use crate::application::ports::documents::Document;
use crate::application::ports::store::Store;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::names::uid::DocumentUid;

/// The most chunks of a version that a newer one is compared with: 8 MB of keys. After a version with more chunks
/// the newer one is sent anew.
const CHUNKS_MAX: u64 = 500_000;
/// The keys read at once: 32 KB.
const KEY_ROWS: u32 = 1_000;
/// The bytes of a key that identify a content. Two contents with the same 128 bits are not to be expected: a
/// search for such a pair takes about 2^64 hashes.
const KEY_BYTES: usize = 16;

/// A change as a follower receives it.
#[derive(Debug)]
pub enum ChangeEvent {
    /// The follower must forget every chunk of the document.
    Reset(DocumentName),
    /// A chunk that is new to the follower.
    Added(DocumentName, Versioned),
    /// A chunk whose content the follower has; sent without its text.
    Kept(DocumentName, Versioned),
    /// The key of a content that the document no longer has.
    Removed(DocumentName, [u8; 32]),
    /// All chunks of a version were sent.
    Complete {
        /// The document.
        document: DocumentName,
        /// The version.
        version: u64,
        /// The number of its chunks.
        chunks: u64,
    },
}

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
    pub budget: Budget,
    /// The caller that follows the changes.
    pub caller: Caller,
    /// The collection of all the documents.
    pub collection: CollectionId,
}

impl DiffContext {
    /// Reads the keys of a version of `chunks` chunks, from ordinal `from` on. Returns `None` if the version is
    /// being swept.
    async fn keys(&self, of: Of, from: u64, chunks: u64) -> Result<Option<Vec<[u8; 32]>>, Error> {
        let left = u32::try_from(chunks - from).unwrap_or(u32::MAX);
        let rows = left.min(KEY_ROWS);
        let page = self.store.chunk_keys(&self.caller, of, from, rows).await?;
        Ok((page.len() == rows as usize).then_some(page))
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
    before: Option<Contents>,
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

/// The contents of a version, sorted, and for each whether it was sent to the follower.
struct Contents {
    keys: Vec<[u8; KEY_BYTES]>,
    is_sent: Vec<bool>,
    chunks: u64,
    _held: Permit,
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
                Some(_) => difference.mark_sent().await?,
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
        let is_anew = !std::mem::replace(&mut self.is_begun, true) && self.before.is_none();
        let mut events = Vec::new();
        if is_anew {
            events.push(ChangeEvent::Reset(self.name.clone()));
        }
        if self.within.ordinal < chunks {
            return self.next_chunks(events).await;
        }
        if let Some(removed) = self.next_removed().await? {
            return Ok(DiffPage::Part(removed, self.within));
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
            let page = store.chunks(caller, of, from, PAGE_ROWS).await?;
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
            let before = self.before.as_mut();
            let is_kept = before.is_some_and(|before| before.keep(&chunk.chunk.key));
            if is_kept {
                chunk.text.clear();
            }
            let versioned = Versioned {
                version: self.within.version,
                labels: Arc::clone(&self.labels),
                chunk,
            };
            let name = self.name.clone();
            events.push(if is_kept {
                ChangeEvent::Kept(name, versioned)
            } else {
                ChangeEvent::Added(name, versioned)
            });
        }
        Ok(DiffPage::Part(events, self.within))
    }

    /// Follows a move of the document since it was read. Returns `false` if it was not moved.
    async fn follow_move(&mut self) -> Result<bool, Error> {
        let store = self.source.store.as_ref();
        let caller = &self.source.caller;
        let document = &mut self.document;
        let uid = &document.uid;
        let partition = &mut document.partition;
        Ok(relocation::follow(store, caller, uid, partition).await?)
    }

    /// Returns the next contents of the older version that the newer one does not have.
    async fn next_removed(&mut self) -> Result<Option<Vec<ChangeEvent>>, Error> {
        let of = self.of(self.within.before);
        while let Some(before) = &mut self.before {
            if self.within.removed >= before.chunks {
                break;
            }
            let from = self.within.removed;
            let chunks = before.chunks;
            let Some(keys) = self.source.keys(of, from, chunks).await? else {
                self.begin_anew();
                return Ok(Some(vec![]));
            };
            self.within.removed += keys.len() as u64;
            let gone = keys.into_iter().filter(|key| before.give_up(key));
            let gone = gone.map(|key| ChangeEvent::Removed(self.name.clone(), key));
            let events = gone.collect::<Vec<_>>();
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    /// Reads the contents of a version. Returns `None` if it is swept or too large to be compared.
    async fn contents(&self, version: u64) -> Result<Option<Contents>, Error> {
        let store = &self.source.store;
        let caller = &self.source.caller;
        let chunks = store
            .version_chunks(caller, &self.document.uid, version)
            .await?;
        let Some(chunks) = chunks.filter(|chunks| *chunks <= CHUNKS_MAX) else {
            return Ok(None);
        };
        let capacity = usize::try_from(chunks).unwrap_or(usize::MAX);
        let bytes = capacity * (KEY_BYTES + size_of::<bool>());
        let held = self.source.budget.hold(caller, bytes).await?;
        let mut keys = Vec::with_capacity(capacity);
        while (keys.len() as u64) < chunks {
            let from = keys.len() as u64;
            let page = self.source.keys(self.of(version), from, chunks).await?;
            let Some(page) = page else {
                return Ok(None);
            };
            keys.extend(page.iter().map(short));
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(Some(Contents {
            is_sent: vec![false; keys.len()],
            keys,
            chunks,
            _held: held,
        }))
    }

    /// Marks the contents that were sent before the follower resumed.
    async fn mark_sent(&mut self) -> Result<(), Error> {
        let ordinal = self.within.ordinal;
        let removed = self.within.removed;
        let version = self.within.version;
        let is_there = self.mark(version, ordinal).await?
            || (self.follow_move().await? && self.mark(version, ordinal).await?);
        if !is_there {
            self.chunks = None;
        } else if !self.mark(self.within.before, removed).await? {
            self.begin_anew();
        }
        Ok(())
    }

    /// Marks the contents of a version's first `until` chunks. Returns `false` if the version is being swept.
    async fn mark(&mut self, version: u64, until: u64) -> Result<bool, Error> {
        let of = self.of(version);
        let mut from = 0;
        while let Some(before) = &mut self.before
            && from < until
        {
            let Some(page) = self.source.keys(of, from, until).await? else {
                return Ok(false);
            };
            from += page.len() as u64;
            for key in &page {
                before.keep(key);
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

    fn of(&self, version: u64) -> Of {
        Of {
            document: self.document.uid,
            partition: self.document.partition,
            version,
        }
    }
}

impl Contents {
    /// Marks a content as sent. Returns whether the version has it and it was not marked before.
    fn give_up(&mut self, key: &[u8; 32]) -> bool {
        let found = self.keys.binary_search(&short(key));
        found.is_ok_and(|at| !std::mem::replace(&mut self.is_sent[at], true))
    }

    /// Marks a content as sent. Returns whether the version has it.
    fn keep(&mut self, key: &[u8; 32]) -> bool {
        let found = self.keys.binary_search(&short(key));
        if let Ok(at) = found {
            self.is_sent[at] = true;
        }
        found.is_ok()
    }
}

fn short(key: &[u8; 32]) -> [u8; KEY_BYTES] {
    let mut short = [0; KEY_BYTES];
    short.copy_from_slice(&key[..KEY_BYTES]);
    short
}
