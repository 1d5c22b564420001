//! Reads a chunk together with its neighbors and parents.

use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::catalog::chunks::levels::{ChosenLevels, LevelAssembly, LevelChunk};
use crate::application::catalog::chunks::search::{Search, number_in};
use crate::application::catalog::chunks::stream::{Chunks, Versioned, current};
use crate::application::catalog::chunks::window::{Around, Window};
use crate::application::error::Error;
use crate::application::ports::chunks::{HEAD_PAGE_ROWS, VersionKey};
use crate::domain::names::chunk_name::ChunkName;

/// The most neighbors on either side: 16,000 characters of usual chunks, as much as a reader needs around a chunk.
pub const NEIGHBORS_MAX: u32 = 16;
/// The most moves that a response follows. All other reads come nearer to the last chunk.
const MOVES_MAX: u32 = 64;

/// The chunk that a reader asks for, and the chunks to add.
#[derive(Clone, Debug)]
pub struct ContextRequest {
    /// The name of the chunk.
    pub name: ChunkName,
    /// The number of chunks to add on either side, at most [`NEIGHBORS_MAX`].
    pub neighbors: u32,
    /// Whether to add the parents.
    pub with_parents: bool,
}

/// A chunk with the chunks around it.
#[derive(Clone, Debug)]
pub struct ChunkInContext {
    /// The chunk.
    pub chunk: Versioned,
    /// The chunks of its level right before it, in order.
    pub before: Vec<Versioned>,
    /// The chunks of its level right after it, in order.
    pub after: Vec<Versioned>,
    /// Its parents, coarse to fine.
    pub parents: Vec<Versioned>,
}

impl Chunks {
    /// Returns a chunk of the document's current version.
    ///
    /// # Errors
    ///
    /// Fails if the document, a complete version of it or the chunk does not exist, or if the version's chunks are
    /// removed meanwhile.
    pub async fn get(
        &self,
        caller: &Caller,
        request: &ContextRequest,
    ) -> Result<ChunkInContext, Error> {
        const GONE: Error = Error::NotFound { kind: "chunk" };
        let ChunkName {
            document,
            level,
            ordinal,
        } = &request.name;
        let document = self.document(caller, document).await?;
        let (of, version) = current(&document)?;
        let finest = version.spec.parents().len();
        // A chunk of the finest level has one name, without the level.
        if level.is_some_and(|level| level >= finest) {
            return Err(GONE);
        }
        let mut reader = VersionReader {
            chunks: self,
            caller,
            of,
            end: version.chunks,
        };
        let level = level.unwrap_or(finest);
        let neighbors = u64::from(request.neighbors.min(NEIGHBORS_MAX));
        let mut window = Window::new(*ordinal, neighbors, document.labels_bytes());
        let from = ordinal.saturating_sub(neighbors);
        reader.fill(&mut window, level, finest, from).await?;
        let parents = match window.chunk() {
            Some(chunk) if request.with_parents => reader.parents_of(chunk).await?,
            Some(_) => Vec::new(),
            None => return Err(GONE),
        };
        window.reserve(&parents);
        let Around {
            before,
            chunk,
            after,
        } = window.split().ok_or(GONE)?;
        let labels = Arc::new(document.labels);
        let versioned = |chunk| Versioned {
            version: of.version,
            labels: Arc::clone(&labels),
            chunk,
        };
        let all = |chunks: Vec<LevelChunk>| chunks.into_iter().map(versioned).collect();
        Ok(ChunkInContext {
            before: all(before),
            chunk: versioned(chunk),
            after: all(after),
            parents: all(parents),
        })
    }
}

/// Reads chunks of a version.
struct VersionReader<'a> {
    chunks: &'a Chunks,
    caller: &'a Caller,
    of: VersionKey,
    /// The number of chunks of the finest level.
    end: u64,
}

impl VersionReader<'_> {
    /// Reads the chunks of a window, from the one with the number `from` in its level.
    async fn fill(
        &mut self,
        window: &mut Window,
        level: usize,
        finest: usize,
        from: u64,
    ) -> Result<(), Error> {
        let Some(levels) = ChosenLevels::new([level]) else {
            return Ok(());
        };
        let start = if level == finest {
            from
        } else {
            let end = self.end;
            let is_in = |head: &_| number_in(head, level) >= Some(from);
            self.search().first(0, end, is_in).await?
        };
        let rows = if level == finest {
            window.rows()
        } else {
            HEAD_PAGE_ROWS
        };
        self.read(start, rows, levels, |chunk| window.push(chunk))
            .await
    }

    /// Returns the parents of a chunk, coarse to fine.
    async fn parents_of(&mut self, child: &LevelChunk) -> Result<Vec<LevelChunk>, Error> {
        let mut parents = Vec::new();
        let levels = ChosenLevels::new(0..child.level).filter(|_| child.level > 0);
        let Some(levels) = levels else {
            return Ok(parents);
        };
        let mut search = self.search();
        let Some(start) = search.parent_start(levels, child.first_ordinal).await? else {
            return Ok(parents);
        };
        self.read(start, HEAD_PAGE_ROWS, levels, |parent| {
            let is_last = parent.level == 0;
            if parent.last_ordinal >= child.last_ordinal
                && parent.first_ordinal <= child.first_ordinal
            {
                parents.push(parent);
            }
            !is_last
        })
        .await?;
        parents.sort_unstable_by_key(|parent| parent.level);
        Ok(parents)
    }

    /// Reads chunks of these levels from an ordinal on, in pages of `rows`, as long as `take` returns `true`.
    async fn read(
        &mut self,
        from: u64,
        rows: u32,
        levels: ChosenLevels,
        mut take: impl FnMut(LevelChunk) -> bool,
    ) -> Result<(), Error> {
        let mut assembly = LevelAssembly::new(levels);
        let mut made = Vec::new();
        let mut next = from;
        let mut moves = 0;
        while next < self.end {
            let store = &self.chunks.store;
            let page = store.chunks(self.caller, self.of, next, rows).await?;
            if page.first().map(|first| first.chunk.ordinal) != Some(next) {
                self.chunks.follow_move(self.caller, &mut self.of).await?;
                moves += 1;
                if moves > MOVES_MAX {
                    return Err(Error::VersionGone);
                }
                continue;
            }
            for chunk in page {
                next = chunk.chunk.ordinal + 1;
                assembly.push(chunk, &mut made);
                for made in made.drain(..) {
                    if !take(made) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn search(&mut self) -> Search<'_> {
        Search {
            store: self.chunks.store.as_ref(),
            caller: self.caller,
            of: &mut self.of,
        }
    }
}
