//! The difference between two versions of a document, sent in parts. First come the chunks of the newer version in
//! order, each as added or kept by its content, and each parent after its last chunk. Then come the contents that the
//! newer version has less often. Added and removed keys are the difference of both versions' multisets of keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::application::catalog::changes::change_event::ChangeEvent;
use crate::application::catalog::changes::diff_context::{DiffContext, DiffPage, push_head};
use crate::application::catalog::changes::follower_cursor::Within;
use crate::application::catalog::changes::version_contents::{
    CHUNK_BYTES, Comparison, VersionContents,
};
use crate::application::catalog::chunks::levels::{LevelAssembly, LevelChunk};
use crate::application::catalog::chunks::search::Search;
use crate::application::catalog::chunks::stream::{Versioned, parts};
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::ports::chunks::{CHUNK_PAGE_ROWS, VersionKey};
use crate::application::ports::documents::{Document, labels_bytes};
use crate::domain::names::resource::DocumentName;

/// The most chunks of a version that a newer one is compared with, in all chosen levels: 8 MB of contents. After a version
/// with more chunks the newer one is sent anew.
const CHUNKS_MAX: u64 = 200_000;

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
    /// The ordinal of the next chunk of the newer version to read. `None` means that it is not looked up.
    next: Option<u64>,
    assembly: LevelAssembly,
    /// The parts of the current page that are still to be sent.
    read: std::vec::IntoIter<Vec<LevelChunk>>,
    is_begun: bool,
}

/// The result of reading a page.
#[derive(Clone, Copy)]
enum ReadPage {
    /// Chunks were read.
    Chunks,
    /// No further chunk is to be sent.
    End,
    /// The document was moved, and is to be read in its new partition.
    Moved,
    /// The version is being swept.
    Swept,
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
            next: None,
            assembly: LevelAssembly::new(source.levels),
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
        while self.read.len() == 0 {
            match self.read_page().await? {
                ReadPage::Chunks => {}
                ReadPage::Moved => return Ok(DiffPage::Part(events, self.within)),
                ReadPage::Swept => {
                    // The chunks that were sent of the version are no longer valid.
                    self.chunks = None;
                    return Ok(DiffPage::Last(vec![ChangeEvent::Reset(self.name.clone())]));
                }
                ReadPage::End => {
                    self.within.ordinal = self.chunks.unwrap_or_default();
                    return Ok(DiffPage::Part(events, self.within));
                }
            }
        }
        let part = self.read.next().unwrap_or_default();
        for chunk in part {
            self.within.ordinal = chunk.last_ordinal + 1;
            events.push(self.compared(chunk));
        }
        Ok(DiffPage::Part(events, self.within))
    }

    /// Reads the next page of the newer version, and makes the parts to send.
    async fn read_page(&mut self) -> Result<ReadPage, Error> {
        let ordinal = self.within.ordinal;
        let next = match self.start().await {
            Err(Error::VersionGone) => return Ok(ReadPage::Swept),
            next => next?,
        };
        // Without one of the levels the version has nothing to send.
        let Some(next) = next else {
            return Ok(ReadPage::End);
        };
        self.next = Some(next);
        if self.chunks.is_none_or(|chunks| next >= chunks) {
            return Ok(ReadPage::End);
        }
        let of = self.of(self.within.version);
        let DiffContext { store, caller, .. } = self.source;
        let page = store.chunks(caller, of, next, CHUNK_PAGE_ROWS).await?;
        if page.first().is_none_or(|first| first.chunk.ordinal != next) {
            let has_moved = self.follow_move().await?;
            return Ok(if has_moved {
                ReadPage::Moved
            } else {
                ReadPage::Swept
            });
        }
        let mut made = Vec::new();
        for chunk in page {
            self.next = Some(chunk.chunk.ordinal + 1);
            self.assembly.push(chunk, &mut made);
        }
        made.retain(|chunk| chunk.last_ordinal >= ordinal);
        self.read = parts(made, labels_bytes(&self.labels)).into_iter();
        Ok(ReadPage::Chunks)
    }

    /// Returns the ordinal of the next chunk to read: at first the one that the coarsest wanted parent begins with.
    /// `None` means that the version has none of the levels.
    async fn start(&mut self) -> Result<Option<u64>, Error> {
        if self.next.is_some() {
            return Ok(self.next);
        }
        let mut of = self.of(self.within.version);
        let mut search = Search {
            store: self.source.store.as_ref(),
            caller: &self.source.caller,
            of: &mut of,
        };
        let levels = self.source.levels;
        let start = search.parent_start(levels, self.within.ordinal).await;
        self.document.partition = of.partition;
        start
    }

    /// Returns the event of a chunk of the newer version.
    fn compared(&mut self, mut chunk: LevelChunk) -> ChangeEvent {
        let comparison = match &mut self.before {
            Some(before) => before.compare(&chunk),
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
        match comparison {
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
        }
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
            let keys = heads
                .iter()
                .flat_map(|head| self.source.levels.ended_keys(head));
            let gone = keys.filter_map(|(level, key)| {
                Some(ChangeEvent::Removed {
                    left: before.remove(level, key)?,
                    document: self.name.clone(),
                    level,
                    key: *key,
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
        let Some(chunks) = chunks else {
            return Ok(None);
        };
        let levels = self.source.levels;
        let Some(count) = self.source.levels_of(self.of(version)).await? else {
            return Ok(None);
        };
        // A chunk of the finest level may end a parent of each level.
        let most = chunks.saturating_mul(count);
        if most > CHUNKS_MAX {
            return Ok(None);
        }
        let bytes = usize::try_from(most).unwrap_or(usize::MAX) * CHUNK_BYTES;
        let held = self.source.budget.hold(caller, bytes).await?;
        let mut contents = VersionContents::new(chunks, most, levels, held);
        let mut assembly = LevelAssembly::new(levels);
        let mut from = 0;
        while from < chunks {
            let page = self.source.heads(self.of(version), from, chunks).await?;
            let Some(page) = page else {
                return Ok(None);
            };
            from += page.len() as u64;
            for chunk in page
                .into_iter()
                .flat_map(|head| push_head(&mut assembly, head))
            {
                contents.push(&chunk);
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
        let mut assembly = LevelAssembly::new(self.source.levels);
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
                for chunk in page
                    .into_iter()
                    .flat_map(|head| push_head(&mut assembly, head))
                {
                    before.compare(&chunk);
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
            let levels = self.source.levels;
            for (level, key) in page.iter().flat_map(|head| levels.ended_keys(head)) {
                before.remove(level, key);
            }
        }
        Ok(true)
    }

    /// Starts anew: the older version can no longer be compared, so all chunks of the newer one are sent after a
    /// reset.
    fn begin_anew(&mut self) {
        (self.before, self.is_begun) = (None, false);
        (self.next, self.assembly) = (None, LevelAssembly::new(self.source.levels));
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
