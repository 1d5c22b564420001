//! The difference between two versions of a document, told in parts: the chunks of the newer one in
//! order, each new or kept by its content, then the contents that are gone.

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
use crate::application::ports::clock::Uid;
use crate::application::ports::documents::Document;
use crate::application::ports::store::Store;
use crate::domain::names::resource::{CollectionId, DocumentName};

/// The largest version that a newer one is compared with: 8 MB of digests. A document with more
/// chunks is told anew.
const CHUNKS_MAX: u64 = 500_000;
/// Digests read at once: 32 KB.
const DIGEST_ROWS: u32 = 1_000;
/// So much of a SHA-256 tells contents apart; whoever could find two alike could break the half too.
const DIGEST_BYTES: usize = 16;

/// A change as a follower hears it.
#[derive(Debug)]
pub enum Event {
    /// Forget every chunk of the document.
    Reset(DocumentName),
    /// A chunk that is new to the follower.
    Added(DocumentName, Versioned),
    /// A chunk whose content the follower has; without text.
    Kept(DocumentName, Versioned),
    /// A content that the document no longer has.
    Removed(DocumentName, [u8; 32]),
    /// All of a version was told.
    Complete {
        /// The document.
        document: DocumentName,
        /// The version.
        version: u64,
        /// How many chunks it has.
        chunks: u64,
    },
}

/// How far a follower is within a document.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Within {
    /// The document.
    pub document: Uid,
    /// The version that it had before; 0: nothing.
    pub before: u64,
    /// The version that it is told.
    pub version: u64,
    /// The next ordinal.
    pub ordinal: u64,
    /// How many chunks of the version before were looked at for contents that are gone.
    pub removed: u64,
}

/// Where versions are, and for whom they are compared.
#[derive(Clone, Debug)]
pub struct Source {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The memory that comparing takes.
    pub budget: Budget,
    /// Who asks.
    pub caller: Caller,
    /// The collection of all the documents.
    pub collection: CollectionId,
}

impl Source {
    /// The digests of a version that has `chunks` of them, from one on; none if it is being swept.
    async fn digests(
        &self,
        of: Of,
        from: u64,
        chunks: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, Error> {
        let left = u32::try_from(chunks - from).unwrap_or(u32::MAX);
        let rows = left.min(DIGEST_ROWS);
        let page = self
            .store
            .chunk_digests(&self.caller, of, from, rows)
            .await?;
        Ok((page.len() == rows as usize).then_some(page))
    }
}

/// A difference on its way.
pub(crate) struct Difference<'a> {
    source: &'a Source,
    name: DocumentName,
    document: Document,
    labels: Arc<BTreeMap<String, String>>,
    within: Within,
    /// How many chunks the newer version has; none: it is swept.
    chunks: Option<u64>,
    /// What the older version has; none: nothing that could be kept.
    before: Option<Contents>,
    /// Parts of a page that was read.
    read: std::vec::IntoIter<Vec<Chunk>>,
    is_begun: bool,
}

/// What comes next.
pub(crate) enum Told {
    /// Events, and how far the follower is with them.
    Part(Vec<Event>, Within),
    /// The last events.
    Last(Vec<Event>),
}

/// The contents of a version, sorted, and whether the follower was told of each.
struct Contents {
    digests: Vec<[u8; DIGEST_BYTES]>,
    is_told: Vec<bool>,
    chunks: u64,
    _held: Permit,
}

impl<'a> Difference<'a> {
    pub(crate) async fn new(
        source: &'a Source,
        document: Document,
        within: Within,
    ) -> Result<Self, Error> {
        let (store, caller) = (&source.store, &source.caller);
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
                Some(_) => difference.mark_told().await?,
            }
        }
        Ok(difference)
    }

    /// The next events.
    pub(crate) async fn next(&mut self) -> Result<Told, Error> {
        let Some(chunks) = self.chunks else {
            return Ok(Told::Last(vec![Event::Reset(self.name.clone())]));
        };
        // Told with what follows: whoever takes one response at a time must come forward.
        let is_anew = !std::mem::replace(&mut self.is_begun, true) && self.before.is_none();
        let mut events = Vec::new();
        if is_anew {
            events.push(Event::Reset(self.name.clone()));
        }
        if self.within.ordinal < chunks {
            return self.next_chunks(events).await;
        }
        if let Some(removed) = self.next_removed().await? {
            return Ok(Told::Part(removed, self.within));
        }
        events.push(Event::Complete {
            document: self.name.clone(),
            version: self.within.version,
            chunks,
        });
        Ok(Told::Last(events))
    }

    async fn next_chunks(&mut self, mut events: Vec<Event>) -> Result<Told, Error> {
        if self.read.len() == 0 {
            let (store, caller) = (&self.source.store, &self.source.caller);
            let (of, from) = (self.of(self.within.version), self.within.ordinal);
            let page = store.chunks(caller, of, from, PAGE_ROWS).await?;
            let is_next = page
                .first()
                .is_some_and(|first| first.chunk.ordinal == from);
            if !is_next && self.follow_move().await? {
                return Ok(Told::Part(events, self.within));
            }
            if !is_next {
                // It is being swept: what was told of it is of no use.
                self.chunks = None;
                return Ok(Told::Last(vec![Event::Reset(self.name.clone())]));
            }
            self.read = parts(page).into_iter();
        }
        let part = self.read.next().unwrap_or_default();
        for mut chunk in part {
            self.within.ordinal = chunk.chunk.ordinal + 1;
            let before = self.before.as_mut();
            let is_kept = before.is_some_and(|before| before.keep(&chunk.chunk.sha256));
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
                Event::Kept(name, versioned)
            } else {
                Event::Added(name, versioned)
            });
        }
        Ok(Told::Part(events, self.within))
    }

    /// Goes where the document has been moved to since it was read; `false` if it was not.
    async fn follow_move(&mut self) -> Result<bool, Error> {
        let (store, caller) = (self.source.store.as_ref(), &self.source.caller);
        let document = &mut self.document;
        let (uid, partition) = (&document.uid, &mut document.partition);
        Ok(relocation::follow(store, caller, uid, partition).await?)
    }

    /// The next contents of the older version that the newer one does not have.
    async fn next_removed(&mut self) -> Result<Option<Vec<Event>>, Error> {
        let of = self.of(self.within.before);
        while let Some(before) = &mut self.before {
            if self.within.removed >= before.chunks {
                break;
            }
            let (from, chunks) = (self.within.removed, before.chunks);
            let Some(digests) = self.source.digests(of, from, chunks).await? else {
                self.begin_anew();
                return Ok(Some(vec![]));
            };
            self.within.removed += digests.len() as u64;
            let gone = digests.into_iter().filter(|digest| before.give_up(digest));
            let gone = gone.map(|digest| Event::Removed(self.name.clone(), digest));
            let events = gone.collect::<Vec<_>>();
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    /// The contents of a version; none if it is swept, or too large to be compared.
    async fn contents(&self, version: u64) -> Result<Option<Contents>, Error> {
        let (store, caller) = (&self.source.store, &self.source.caller);
        let chunks = store
            .version_chunks(caller, &self.document.uid, version)
            .await?;
        let Some(chunks) = chunks.filter(|chunks| *chunks <= CHUNKS_MAX) else {
            return Ok(None);
        };
        let capacity = usize::try_from(chunks).unwrap_or(usize::MAX);
        let bytes = capacity * (DIGEST_BYTES + size_of::<bool>());
        let held = self.source.budget.hold(caller, bytes).await?;
        let mut digests = Vec::with_capacity(capacity);
        while (digests.len() as u64) < chunks {
            let from = digests.len() as u64;
            let page = self.source.digests(self.of(version), from, chunks).await?;
            let Some(page) = page else {
                return Ok(None);
            };
            digests.extend(page.iter().map(short));
        }
        digests.sort_unstable();
        digests.dedup();
        Ok(Some(Contents {
            is_told: vec![false; digests.len()],
            digests,
            chunks,
            _held: held,
        }))
    }

    /// Marks what was told before the follower came back.
    async fn mark_told(&mut self) -> Result<(), Error> {
        let (told, removed) = (self.within.ordinal, self.within.removed);
        let version = self.within.version;
        let is_there = self.mark(version, told).await?
            || (self.follow_move().await? && self.mark(version, told).await?);
        if !is_there {
            self.chunks = None;
        } else if !self.mark(self.within.before, removed).await? {
            self.begin_anew();
        }
        Ok(())
    }

    /// Marks the first contents of a version; `false` if it is being swept.
    async fn mark(&mut self, version: u64, until: u64) -> Result<bool, Error> {
        let (of, mut from) = (self.of(version), 0);
        while let Some(before) = &mut self.before
            && from < until
        {
            let Some(page) = self.source.digests(of, from, until).await? else {
                return Ok(false);
            };
            from += page.len() as u64;
            for digest in &page {
                before.keep(digest);
            }
        }
        Ok(true)
    }

    /// What the follower keeps of the older version cannot be told any more: all is told anew.
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
    /// Whether this content is in the version and was not told yet; now it is.
    fn give_up(&mut self, sha256: &[u8; 32]) -> bool {
        let found = self.digests.binary_search(&short(sha256));
        found.is_ok_and(|at| !std::mem::replace(&mut self.is_told[at], true))
    }

    /// Whether this content is in the version; then it is told.
    fn keep(&mut self, sha256: &[u8; 32]) -> bool {
        let found = self.digests.binary_search(&short(sha256));
        if let Ok(at) = found {
            self.is_told[at] = true;
        }
        found.is_ok()
    }
}

fn short(sha256: &[u8; 32]) -> [u8; DIGEST_BYTES] {
    let mut short = [0; DIGEST_BYTES];
    short.copy_from_slice(&sha256[..DIGEST_BYTES]);
    short
}
