//! Chunks that are stored in one commit.

use crate::domain::chunking::cut::Cut;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest;
use crate::domain::ingest::parents::Parents;
use crate::domain::structure::tracker::Structure;
use crate::domain::text::position::Span;

/// The most chunks in a batch. PostgreSQL stores 2,000 rows at four fifths of its full speed, and commits them in
/// about 30 ms.
pub const CHUNKS_MAX: usize = 2_000;

/// A chunk of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chunk {
    /// The ordinal of the chunk in the document, from 0.
    pub ordinal: u64,
    /// The span of text that it covers.
    pub span: Span,
    /// The SHA-256 of its text.
    pub sha256: [u8; 32],
    /// Identifies its text and context: the digest of the text without a context, otherwise that of the text's digest
    /// and the context's digest.
    pub key: [u8; 32],
    /// The kind of its blocks, and the headings that it is under.
    pub structure: Structure,
    /// Its parents. `None` without levels.
    pub parents: Option<Parents>,
    /// The number of its tokens. `None` means that nothing is measured in tokens.
    pub tokens: Option<u32>,
}

/// Consecutive chunks, and the checkpoint that is valid once they are stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// The chunks in order, at least one.
    pub chunks: Vec<Chunk>,
    /// The checkpoint from which the ingest resumes.
    pub checkpoint: Checkpoint,
    text: String,
}

impl Batch {
    /// Returns the bytes of all chunks' text, overlaps counted once, and of their contexts, sections and parents.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let structures = self.chunks.iter().map(|chunk| {
            let parents = chunk.parents.as_ref();
            chunk.structure.bytes() + parents.map_or(0, Parents::bytes)
        });
        self.text.len() + structures.sum::<usize>()
    }

    /// Returns the text of one of the batch's chunks.
    #[must_use]
    pub fn text(&self, chunk: &Chunk) -> &str {
        let first = self.chunks.first().map_or(0, |first| first.span.start.byte);
        &self.text[offset(first, chunk.span.start.byte)..offset(first, chunk.span.end.byte)]
    }
}

/// Digests the parents that begin and end in a batch.
fn digest_parents(chunks: &mut [Chunk], text_of: impl Fn(Span) -> [u8; 32]) {
    let first_ordinal = chunks.first().map_or(0, |first| first.ordinal);
    for at in 0..chunks.len() {
        let Some(mut parents) = chunks[at].parents.take() else {
            return;
        };
        for parent in &mut parents.ended {
            let Some(before) = parent.first_ordinal.checked_sub(first_ordinal) else {
                continue;
            };
            let first = usize::try_from(before).ok().and_then(|at| chunks.get(at));
            let context = first.and_then(|first| first.structure.context.as_deref());
            parent.sha256 = text_of(parent.span);
            parent.key = digest::key(parent.sha256, context.map(digest::of_context));
        }
        chunks[at].parents = Some(parents);
    }
}

/// A batch whose chunks have no digests yet. Digests cost about half as much as chunking, and another thread can
/// compute them in parallel.
#[derive(Debug, Eq, PartialEq)]
pub struct Gathered(Box<Batch>);

impl Gathered {
    /// Computes the digest of each chunk, and returns the batch.
    #[must_use]
    pub fn digested(self) -> Batch {
        let Self(batch) = self;
        let mut batch = *batch;
        let mut chunks = std::mem::take(&mut batch.chunks);
        let first = chunks.first().map_or(0, |first| first.span.start.byte);
        let text_of = |span: Span| {
            let text = &batch.text[offset(first, span.start.byte)..offset(first, span.end.byte)];
            digest::sha256(text.as_bytes())
        };
        for chunk in &mut chunks {
            chunk.sha256 = text_of(chunk.span);
            let context = chunk.structure.context.as_deref().map(digest::of_context);
            chunk.key = digest::key(chunk.sha256, context);
        }
        digest_parents(&mut chunks, text_of);
        Batch { chunks, ..batch }
    }

    /// Returns the checkpoint that is valid once the batch is stored.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.0.checkpoint
    }
}

/// Chunks that are collected for a batch.
#[derive(Debug)]
pub struct Gathering {
    /// The capacity in bytes for a batch's text. The buffer reserves it at once, because a buffer that grows is half
    /// empty.
    room: usize,
    chunks: Vec<Chunk>,
    /// The text from the first chunk's start to the last chunk's end, overlaps once.
    text: String,
    /// The bytes of the chunks' contexts, sections and parents. Stores keep them with each chunk.
    structure_bytes: usize,
}

impl Gathering {
    /// Collects batches whose text fits into `room` bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            room,
            chunks: Vec::new(),
            text: String::new(),
            structure_bytes: 0,
        }
    }

    /// Changes the capacity of the batches that begin from now on.
    pub fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Adds the next chunk.
    pub fn push(&mut self, ordinal: u64, cut: Cut<'_>, parents: Option<Parents>) {
        let covered = self
            .chunks
            .last()
            .map_or(cut.span.start.byte, |last| last.span.end.byte);
        if self.chunks.is_empty() {
            self.text.reserve_exact(self.room);
        }
        self.text
            .push_str(&cut.text[offset(cut.span.start.byte, covered)..]);
        self.structure_bytes += cut.structure.bytes();
        self.structure_bytes += parents.as_ref().map_or(0, Parents::bytes);
        self.chunks.push(Chunk {
            ordinal,
            span: cut.span,
            // Filled in by [`Gathered::digested`].
            sha256: [0; 32],
            key: [0; 32],
            structure: cut.structure,
            parents,
            tokens: cut.tokens,
        });
    }

    /// Whether no chunk has been added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether the batch has reached the limit of chunks or of text, contexts, sections and parents included.
    #[must_use]
    pub fn is_full(&self, text_bytes_max: usize) -> bool {
        self.chunks.len() >= CHUNKS_MAX || self.text.len() + self.structure_bytes >= text_bytes_max
    }

    /// Returns the text of the batch until now, and the byte that it begins at.
    #[must_use]
    pub fn text(&self) -> (&str, u64) {
        let first = self.chunks.first().map_or(0, |first| first.span.start.byte);
        (&self.text, first)
    }

    /// Closes the batch with its checkpoint, and starts a new one.
    pub fn close(&mut self, checkpoint: Checkpoint) -> Gathered {
        self.structure_bytes = 0;
        Gathered(Box::new(Batch {
            chunks: std::mem::take(&mut self.chunks),
            checkpoint,
            text: std::mem::take(&mut self.text),
        }))
    }
}

/// Returns the distance from `start` to `place`. Both are in one batch, so it is small.
fn offset(start: u64, place: u64) -> usize {
    usize::try_from(place - start).unwrap_or(usize::MAX)
}
