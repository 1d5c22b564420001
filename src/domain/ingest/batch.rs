//! Chunks that are stored in one commit.

use crate::domain::chunking::splitter::Cut;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest;
use crate::domain::text::position::Span;

/// The most chunks in a batch: PostgreSQL takes 2,000 rows at four fifths of its full speed, and a
/// commit of them lasts some 30 ms.
pub const CHUNKS_MAX: usize = 2_000;

/// A chunk of a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chunk {
    /// Its number in the document, from 0.
    pub ordinal: u64,
    /// Where it is.
    pub span: Span,
    /// The SHA-256 of its text.
    pub sha256: [u8; 32],
}

/// Consecutive chunks, and the checkpoint that is true once they are stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// In order, at least one.
    pub chunks: Vec<Chunk>,
    /// From here the ingest goes on.
    pub checkpoint: Checkpoint,
    text: String,
}

impl Batch {
    /// The bytes of all chunks' text, overlaps once.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The text of one of the batch's chunks.
    #[must_use]
    pub fn text(&self, chunk: &Chunk) -> &str {
        let first = self.chunks.first().map_or(0, |first| first.span.start.byte);
        &self.text[offset(first, chunk.span.start.byte)..offset(first, chunk.span.end.byte)]
    }
}

/// A batch whose chunks have no digests yet. They cost about half of what chunking does, and
/// may be made by another thread while this one goes on.
#[derive(Debug, Eq, PartialEq)]
pub struct Gathered(Batch);

impl Gathered {
    /// The batch, with the digest of each chunk.
    #[must_use]
    pub fn digested(self) -> Batch {
        let Self(mut batch) = self;
        let mut chunks = std::mem::take(&mut batch.chunks);
        let first = chunks.first().map_or(0, |first| first.span.start.byte);
        for chunk in &mut chunks {
            let span = chunk.span;
            let text = &batch.text[offset(first, span.start.byte)..offset(first, span.end.byte)];
            chunk.sha256 = digest::sha256(text.as_bytes());
        }
        Batch { chunks, ..batch }
    }

    /// The checkpoint that is true once the batch is stored.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.0.checkpoint
    }
}

/// Chunks on their way into a batch.
#[derive(Debug)]
pub struct Gathering {
    /// How much room a batch's text takes: all at once, since a buffer that grows is half empty.
    room: usize,
    chunks: Vec<Chunk>,
    /// From the first chunk's start to the last one's end, overlaps once.
    text: String,
}

impl Gathering {
    /// Of batches whose text fits into so many bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            room,
            chunks: Vec::new(),
            text: String::new(),
        }
    }

    /// Changes the room of the batches that begin from now on.
    pub fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Adds the next chunk.
    pub fn push(&mut self, ordinal: u64, cut: Cut<'_>) {
        let covered = self
            .chunks
            .last()
            .map_or(cut.span.start.byte, |last| last.span.end.byte);
        if self.chunks.is_empty() {
            self.text.reserve_exact(self.room);
        }
        self.text
            .push_str(&cut.text[offset(cut.span.start.byte, covered)..]);
        self.chunks.push(Chunk {
            ordinal,
            span: cut.span,
            // Filled in before anybody sees it.
            sha256: [0; 32],
        });
    }

    /// Whether there is a chunk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether there are as many chunks, or as much text, as a batch may have.
    #[must_use]
    pub fn is_full(&self, text_bytes_max: usize) -> bool {
        self.chunks.len() >= CHUNKS_MAX || self.text.len() >= text_bytes_max
    }

    /// Makes a batch of what was gathered, and starts anew.
    pub fn close(&mut self, checkpoint: Checkpoint) -> Gathered {
        Gathered(Batch {
            chunks: std::mem::take(&mut self.chunks),
            checkpoint,
            text: std::mem::take(&mut self.text),
        })
    }
}

/// How far `place` is after `start`, both in one batch and so near each other.
fn offset(start: u64, place: u64) -> usize {
    usize::try_from(place - start).unwrap_or(usize::MAX)
}
