//! The contents of a version's chunks, which the chunks of a newer version are compared with. Keys are compared as
//! multisets: a version with three equal chunks has their key three times. Of several levels each has its own keys.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::application::catalog::chunks::levels::{ChosenLevels, LevelChunk};
use crate::application::memory::pool::Permit;

/// The bytes of a key that identify a content. Two contents with the same 128 bits are not to be expected: a
/// search for such a pair takes about 2^64 hashes.
const KEY_BYTES: usize = 16;

type ShortKey = [u8; KEY_BYTES];

/// The memory that one chunk takes: its key, its counts, its text and its place.
pub(super) const CHUNK_BYTES: usize = KEY_BYTES + size_of::<Counts>() + 2 * size_of::<u64>();

/// The relation of a newer version's chunk to the older version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    /// The older version has the content.
    Kept {
        /// Whether no chunk with the content has this place there: ordinals, span, section, level and parents.
        is_moved: bool,
    },
    /// The older version does not have the content, or not as often.
    Added {
        /// Whether the older version has the text, under other headings or with another introduction.
        is_text_kept: bool,
    },
}

impl Comparison {
    /// The relation of a chunk without an older version.
    pub(super) const NEW: Self = Self::Added {
        is_text_kept: false,
    };
}

/// The contents of a version, sorted.
pub(super) struct VersionContents {
    keys: Vec<ShortKey>,
    /// The counts of each key.
    counts: Vec<Counts>,
    /// The first bytes of each text's digest. Both lists give hints, of which a client finds a wrong one by the
    /// chunk's own digest and place, so 64 bits are enough.
    texts: Vec<u64>,
    /// A hash of each chunk's key and place.
    places: Vec<u64>,
    /// The number of chunks of the finest level.
    chunks: u64,
    levels: ChosenLevels,
    _held: Permit,
}

/// How many chunks have a key.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// In the older version, less those that were reported as removed.
    before: u32,
    /// In the part of the newer version that was compared.
    after: u32,
}

impl VersionContents {
    /// Starts the contents of `chunks` chunks of the finest level, and of at most `contents` chunks in all chosen levels.
    /// `held` was taken for them.
    pub(super) fn new(chunks: u64, contents: u64, levels: ChosenLevels, held: Permit) -> Self {
        let capacity = usize::try_from(contents).unwrap_or_default();
        Self {
            keys: Vec::with_capacity(capacity),
            counts: Vec::new(),
            texts: Vec::with_capacity(capacity),
            places: Vec::with_capacity(capacity),
            chunks,
            levels,
            _held: held,
        }
    }

    /// Adds a chunk of the older version.
    pub(super) fn push(&mut self, chunk: &LevelChunk) {
        self.keys.push(self.short(chunk.level, &chunk.chunk.key));
        self.texts.push(text_of(chunk));
        self.places.push(place_of(chunk));
    }

    /// Sorts the contents once all chunks are added.
    pub(super) fn sort(&mut self) {
        self.texts.sort_unstable();
        self.places.sort_unstable();
        self.keys.sort_unstable();
        self.counts = Vec::with_capacity(self.keys.len());
        for same in self.keys.chunk_by(|one, other| one == other) {
            self.counts.push(Counts {
                before: u32::try_from(same.len()).unwrap_or(u32::MAX),
                after: 0,
            });
        }
        self.keys.dedup();
    }

    /// Returns the number of chunks of the older version's finest level.
    pub(super) fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Compares the next chunk of the newer version.
    pub(super) fn compare(&mut self, chunk: &LevelChunk) -> Comparison {
        let is_kept = self
            .counts(chunk.level, &chunk.chunk.key)
            .is_some_and(|counts| {
                counts.after += 1;
                counts.after <= counts.before
            });
        if is_kept {
            let is_moved = self.places.binary_search(&place_of(chunk)).is_err();
            return Comparison::Kept { is_moved };
        }
        let is_text_kept = self.texts.binary_search(&text_of(chunk)).is_ok();
        Comparison::Added { is_text_kept }
    }

    /// Takes the next chunk of the older version, after all of the newer one were compared. Returns the number of
    /// chunks of the newer version with its content if these are fewer.
    pub(super) fn remove(&mut self, level: usize, key: &[u8; 32]) -> Option<u64> {
        let counts = self.counts(level, key)?;
        let is_removed = counts.before > counts.after;
        counts.before -= u32::from(is_removed);
        is_removed.then_some(u64::from(counts.after))
    }

    fn counts(&mut self, level: usize, key: &[u8; 32]) -> Option<&mut Counts> {
        let found = self.keys.binary_search(&self.short(level, key)).ok()?;
        self.counts.get_mut(found)
    }

    /// Returns the first bytes of a key, with the level: a parent with one child has its key. The finest level of two
    /// versions may have two numbers, so a follower of that one alone knows no numbers.
    fn short(&self, level: usize, key: &[u8; 32]) -> ShortKey {
        let mut short = [0; KEY_BYTES];
        short.copy_from_slice(&key[..KEY_BYTES]);
        if !self.levels.is_default() {
            // There are at most four levels.
            short[0] ^= u8::try_from(level).unwrap_or(u8::MAX);
        }
        short
    }
}

fn text_of(chunk: &LevelChunk) -> u64 {
    let mut first = [0; size_of::<u64>()];
    first.copy_from_slice(&chunk.chunk.sha256[..size_of::<u64>()]);
    u64::from_le_bytes(first)
}

fn place_of(chunk: &LevelChunk) -> u64 {
    let mut hasher = DefaultHasher::new();
    (chunk.level, chunk.first_ordinal, chunk.last_ordinal).hash(&mut hasher);
    let chunk = &chunk.chunk;
    let parents = chunk.parents.as_ref();
    let parents = parents.map_or(&[][..], |parents| &*parents.numbers);
    (chunk.key, parents).hash(&mut hasher);
    (chunk.ordinal, chunk.span).hash(&mut hasher);
    chunk.structure.context().section.hash(&mut hasher);
    hasher.finish()
}
