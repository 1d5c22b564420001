//! The parents of chunks: larger chunks of coarser levels, whose text is that of their chunks.
//!
//! A parent is described by the chunk that ends it, because its end and its digest are known then. A parent within one
//! batch is digested with the batch's chunks. Of one that crosses the end of a batch the unfinished digest is kept
//! (`suspended_parents`), and no text.

use std::ops::Deref;
use std::sync::Arc;

use crate::domain::chunking::cut::Cut;
use crate::domain::chunking::spec::levels::PARENTS_MAX;
use crate::domain::ingest::digest::{self, Running};
use crate::domain::ingest::suspended_parents::{SuspendedLevel, SuspendedParent, SuspendedParents};
use crate::domain::structure::context::Context;
use crate::domain::structure::kind::Kind;
use crate::domain::text::position::{Position, Span};

/// A parent of chunks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parent {
    /// Its level: 0 is the coarsest.
    pub level: usize,
    /// Its number in the level, from 0.
    pub number: u64,
    /// The ordinal of its first chunk.
    pub first_ordinal: u64,
    /// The span of text that it covers, which is that of its chunks.
    pub span: Span,
    /// The SHA-256 of its text.
    pub sha256: [u8; 32],
    /// Identifies its text and context, as the key of a chunk does. A parent with one chunk has that chunk's key.
    pub key: [u8; 32],
    /// The kind of its blocks.
    pub kind: Kind,
    /// The number of its tokens. `None` means that nothing is measured in tokens.
    pub tokens: Option<u32>,
}

/// The parents of a chunk.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Parents {
    /// The number of the parent in each level, coarse to fine.
    pub numbers: ParentNumbers,
    /// The parents that end with the chunk, coarse to fine.
    pub ended: Vec<Parent>,
}

/// The number of a parent in each level, coarse to fine. Every chunk has some, so they are not allocated.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ParentNumbers {
    numbers: [u64; PARENTS_MAX],
    levels: usize,
}

impl ParentNumbers {
    /// Returns the numbers in as many levels. `None` means that there are too many.
    #[must_use]
    pub fn new(of_levels: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut made = Self::default();
        for number in of_levels {
            *made.numbers.get_mut(made.levels)? = number;
            made.levels += 1;
        }
        Some(made)
    }
}

impl Deref for ParentNumbers {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.numbers[..self.levels]
    }
}

impl Parents {
    /// Returns the bytes that they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.ended.as_slice())
    }
}

/// Follows the parents of a document's chunks.
#[derive(Debug)]
pub struct ParentTracker {
    levels: Vec<Level>,
}

/// A level: the number of its open or next parent, and the open parent.
#[derive(Debug, Default)]
struct Level {
    number: u64,
    open: Option<Open>,
}

/// A parent whose last chunk has not come.
#[derive(Debug)]
struct Open {
    start: Position,
    first_ordinal: u64,
    kind: Kind,
    text: OpenText,
}

/// The text of an open parent until now.
#[derive(Debug)]
enum OpenText {
    /// All of it is in the current batch. The context is that of its first character.
    InBatch(Option<Arc<Context>>),
    /// It began in an earlier batch.
    Digested {
        /// The digest of the context of its first character, if there is a context.
        context: Option<[u8; 32]>,
        digest: Running,
    },
}

impl ParentTracker {
    /// Returns `levels` levels of parents without a parent.
    #[must_use]
    pub fn new(levels: usize) -> Self {
        let levels = levels.min(PARENTS_MAX);
        let levels = (0..levels).map(|_| Level::default());
        Self {
            levels: levels.collect(),
        }
    }

    /// Continues after a batch. Returns `None` if a digest is damaged.
    #[must_use]
    pub fn resume(suspended: &SuspendedParents) -> Option<Self> {
        let levels = suspended.levels.iter().map(|level| {
            let open = level.open.as_ref().map(Open::resume);
            // A parent that cannot be resumed makes the whole result `None`.
            let open = open.map_or(Some(None), |open| open.map(Some))?;
            let number = level.number;
            Some(Level { number, open })
        });
        let levels = levels.collect::<Option<_>>()?;
        Some(Self { levels })
    }

    /// Adds the next chunk, and returns its parents. `None` without levels. Those that began in the current batch have
    /// no digests yet.
    pub fn push(&mut self, ordinal: u64, cut: &Cut<'_>) -> Option<Parents> {
        if self.levels.is_empty() {
            return None;
        }
        let count = self.levels.len();
        for level in &mut self.levels[count - cut.begun..] {
            level.open = Some(Open::begin(ordinal, cut));
        }
        let new = &cut.text.as_bytes()[cut.covered..];
        let open = self.levels.iter_mut();
        for open in open.filter_map(|level| level.open.as_mut()) {
            open.push(new, cut.structure.kind);
        }
        let numbers = ParentNumbers::new(self.levels.iter().map(|level| level.number))?;
        let levels = self.levels.iter_mut().enumerate().skip(count - cut.ended);
        // Most chunks end no parent, and a list that grows would have room for four.
        let mut ended = Vec::with_capacity(cut.ended);
        ended.extend(levels.filter_map(|(at, level)| level.end(at, cut)));
        Some(Parents { numbers, ended })
    }

    /// Ends a batch, whose text begins at the byte `start`. Returns the parents that are open.
    pub fn suspend(&mut self, text: &str, start: u64) -> SuspendedParents {
        let levels = self.levels.iter_mut().map(|level| SuspendedLevel {
            number: level.number,
            open: level.open.as_mut().map(|open| open.suspend(text, start)),
        });
        SuspendedParents {
            levels: levels.collect(),
        }
    }
}

impl Level {
    fn end(&mut self, level: usize, cut: &Cut<'_>) -> Option<Parent> {
        let Open {
            start,
            first_ordinal,
            kind,
            text,
        } = self.open.take()?;
        let number = self.number;
        self.number += 1;
        let (sha256, key) = match text {
            OpenText::InBatch(_) => ([0; 32], [0; 32]),
            OpenText::Digested { context, digest } => {
                let sha256 = digest.sha256();
                (sha256, digest::key(sha256, context))
            }
        };
        Some(Parent {
            level,
            number,
            first_ordinal,
            span: Span {
                start,
                end: cut.span.end,
            },
            sha256,
            key,
            kind,
            tokens: cut.parent_tokens.get(level).copied().flatten(),
        })
    }
}

impl Open {
    fn begin(ordinal: u64, cut: &Cut<'_>) -> Self {
        Self {
            start: cut.span.start,
            first_ordinal: ordinal,
            kind: cut.structure.kind,
            text: OpenText::InBatch(cut.structure.context.clone()),
        }
    }

    fn resume(suspended: &SuspendedParent) -> Option<Self> {
        let SuspendedParent {
            start,
            first_ordinal,
            kind,
            context,
            digest,
        } = suspended;
        Some(Self {
            start: *start,
            first_ordinal: *first_ordinal,
            kind: *kind,
            text: OpenText::Digested {
                context: *context,
                digest: Running::resume(digest)?,
            },
        })
    }

    /// Adds the new text of a chunk.
    fn push(&mut self, new: &[u8], kind: Kind) {
        self.kind = self.kind.with(kind);
        if let OpenText::Digested { digest, .. } = &mut self.text {
            digest.update(new);
        }
    }

    fn suspend(&mut self, text: &str, batch_start: u64) -> SuspendedParent {
        let (context, digest) = match &self.text {
            OpenText::InBatch(context) => {
                let before = self.start.byte.saturating_sub(batch_start);
                let before = usize::try_from(before).unwrap_or(usize::MAX);
                let mut digest = Running::default();
                digest.update(text.get(before..).unwrap_or_default().as_bytes());
                (context.as_deref().map(digest::of_context), digest)
            }
            OpenText::Digested { context, digest } => (*context, digest.clone()),
        };
        let state = digest.state();
        self.text = OpenText::Digested { context, digest };
        SuspendedParent {
            start: self.start,
            first_ordinal: self.first_ordinal,
            kind: self.kind,
            context,
            digest: state,
        }
    }
}
