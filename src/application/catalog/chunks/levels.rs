//! The chunks of chosen levels, made from the chunks of the finest one. The text of a parent is that of its chunks, so
//! the store has the text of the finest level alone.

use std::sync::Arc;

use crate::application::ports::chunks::Chunk as StoredChunk;
use crate::domain::chunking::spec::levels::{LEVELS_MAX, PARENTS_MAX};
use crate::domain::ingest::batch::Chunk;
use crate::domain::ingest::parents::{Parent, ParentNumbers, Parents};
use crate::domain::structure::context::Context;
use crate::domain::structure::tracker::Structure;

/// The levels that a reader wants, by number: 0 is the coarsest. By default the finest one of each version.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChosenLevels([bool; LEVELS_MAX]);

impl ChosenLevels {
    /// Returns the choice of these levels. `None` means that one is out of range.
    #[must_use]
    pub fn new(levels: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut chosen = Self::default();
        for level in levels {
            *chosen.0.get_mut(level)? = true;
        }
        Some(chosen)
    }

    /// Whether the finest level alone is wanted.
    #[must_use]
    pub fn is_default(self) -> bool {
        self == Self::default()
    }

    /// Whether a level of a version with `parents` levels of parents is wanted.
    #[must_use]
    pub fn has(self, level: usize, parents: usize) -> bool {
        if self.is_default() {
            level == parents
        } else {
            level <= parents && self.0.get(level).is_some_and(|is_chosen| *is_chosen)
        }
    }

    /// Returns the coarsest wanted level of a version with `parents` levels of parents. `None` means that it has none
    /// of the wanted levels.
    #[must_use]
    pub fn coarsest(self, parents: usize) -> Option<usize> {
        (0..=parents).find(|level| self.has(*level, parents))
    }

    /// Returns the numbers of the chosen levels. Empty: the finest one.
    #[must_use]
    pub fn numbers(self) -> Vec<usize> {
        (0..LEVELS_MAX).filter(|level| self.0[*level]).collect()
    }

    /// Returns the level and the key of each wanted chunk that ends with a chunk of the finest level.
    pub(crate) fn ended_keys(self, chunk: &Chunk) -> impl Iterator<Item = (usize, &[u8; 32])> {
        let parents = level_of(chunk);
        let finest = self.has(parents, parents).then_some((parents, &chunk.key));
        let ended = chunk.parents.iter().flat_map(|parents| &parents.ended);
        let ended = ended.map(|parent| (parent.level, &parent.key));
        let ended = ended.filter(move |(level, _)| self.has(*level, parents));
        finest.into_iter().chain(ended)
    }
}

/// Returns the level of a stored chunk, which is the number of its parents.
pub(crate) fn level_of(chunk: &Chunk) -> usize {
    let parents = chunk.parents.as_ref();
    parents.map_or(0, |parents| parents.numbers.len())
}

/// A chunk of any level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelChunk {
    /// The level: 0 is the coarsest.
    pub level: usize,
    /// Whether it is a parent: the level is not the finest one.
    pub is_parent: bool,
    /// The ordinal of its first chunk of the finest level.
    pub first_ordinal: u64,
    /// The ordinal of its last chunk of the finest level.
    pub last_ordinal: u64,
    /// The chunk. Its ordinal is its number in the level. A parent lists no sections.
    pub chunk: Chunk,
    /// The text. Empty if the chunks were read without it.
    pub text: String,
}

impl LevelChunk {
    /// Returns the bytes of its text, context and sections.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.chunk.structure.bytes()
    }
}

/// Makes the chunks of the chosen levels from those of the finest one. It holds the text of the parents that are not
/// read to their end, at most 512 KiB each.
#[derive(Debug)]
pub(crate) struct LevelAssembly {
    levels: ChosenLevels,
    open: [Option<OpenParent>; PARENTS_MAX],
}

/// A parent whose first chunks are read.
#[derive(Debug)]
struct OpenParent {
    context: Option<Arc<Context>>,
    is_blank: bool,
    /// The byte of the document that its text ends at.
    end_byte: u64,
    text: String,
}

impl LevelAssembly {
    pub(crate) fn new(levels: ChosenLevels) -> Self {
        Self {
            levels,
            open: [const { None }; PARENTS_MAX],
        }
    }

    /// Takes the next chunk of the finest level, and appends the wanted chunks that end with it, fine to coarse. The
    /// first chunk must be the first one of a parent of the coarsest wanted level.
    pub(crate) fn push(&mut self, chunk: StoredChunk, made: &mut Vec<LevelChunk>) {
        self.begin(&chunk.chunk);
        let parents = self.read(&chunk);
        let StoredChunk { chunk, text } = chunk;
        let level = level_of(&chunk);
        if self.levels.has(level, level) {
            made.push(LevelChunk {
                level,
                is_parent: false,
                first_ordinal: chunk.ordinal,
                last_ordinal: chunk.ordinal,
                chunk,
                text,
            });
        }
        made.extend(parents);
    }

    /// Does the same, but begins no further parent and does not append the chunk itself.
    pub(crate) fn push_rest(&mut self, chunk: &StoredChunk, made: &mut Vec<LevelChunk>) {
        made.extend(self.read(chunk));
    }

    /// Whether a parent is not read to its end.
    pub(crate) fn is_inside(&self) -> bool {
        self.open.iter().any(Option::is_some)
    }

    /// Begins the parents that the chunk is in.
    fn begin(&mut self, chunk: &Chunk) {
        let parents = level_of(chunk);
        for (level, open) in self.open.iter_mut().enumerate().take(parents) {
            if self.levels.has(level, parents) {
                open.get_or_insert_with(|| OpenParent::at(chunk));
            }
        }
    }

    /// Reads a chunk, and returns the open parents that end with it.
    fn read(&mut self, chunk: &StoredChunk) -> Vec<LevelChunk> {
        let StoredChunk { chunk, text } = chunk;
        for open in self.open.iter_mut().flatten() {
            open.push(chunk, text);
        }
        let mut ended = Vec::new();
        if let Some(parents) = &chunk.parents {
            for parent in parents.ended.iter().rev() {
                let open = self.open.get_mut(parent.level).and_then(Option::take);
                ended.extend(open.map(|open| open.end(parent, &parents.numbers, chunk.ordinal)));
            }
        }
        ended
    }
}

impl OpenParent {
    fn at(first: &Chunk) -> Self {
        Self {
            context: first.structure.context.clone(),
            is_blank: true,
            end_byte: first.span.start.byte,
            text: String::new(),
        }
    }

    /// Appends the text of a chunk after its overlap.
    fn push(&mut self, chunk: &Chunk, text: &str) {
        let overlap = self.end_byte.saturating_sub(chunk.span.start.byte);
        let overlap = usize::try_from(overlap).unwrap_or(usize::MAX);
        self.text.push_str(text.get(overlap..).unwrap_or_default());
        self.is_blank &= chunk.structure.is_blank;
        self.end_byte = chunk.span.end.byte;
    }

    fn end(self, parent: &Parent, numbers: &[u64], last_ordinal: u64) -> LevelChunk {
        let Parent {
            level,
            number,
            first_ordinal,
            span,
            sha256,
            key,
            kind,
            tokens,
        } = *parent;
        LevelChunk {
            level,
            is_parent: true,
            first_ordinal,
            last_ordinal,
            chunk: Chunk {
                ordinal: number,
                span,
                sha256,
                key,
                structure: Structure {
                    kind,
                    is_blank: self.is_blank,
                    context: self.context,
                    ..Structure::default()
                },
                parents: ancestors(numbers, level),
                tokens,
            },
            text: self.text,
        }
    }
}

/// Returns the numbers of the parents of a parent of that level.
fn ancestors(numbers: &[u64], level: usize) -> Option<Parents> {
    let numbers = numbers.get(..level).filter(|numbers| !numbers.is_empty())?;
    Some(Parents {
        numbers: ParentNumbers::new(numbers.iter().copied())?,
        ended: Vec::new(),
    })
}
