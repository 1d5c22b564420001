//! A chunk just cut, and the place after it.

use crate::domain::chunking::open_parents::OpenParents;
use crate::domain::chunking::spec::levels::PARENTS_MAX;
use crate::domain::structure::tracker::{self, Structure};
use crate::domain::text::encoding::decoder::Choice;
use crate::domain::text::position::{Position, Span};

/// A place from which a splitter can resume: the state that decides all later chunks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResumePoint {
    /// The start of the next chunk.
    pub position: Position,
    /// The bytes of text after it that the last chunk covers.
    pub covered: usize,
    /// The charset that the source is decoded from, as far as known.
    pub choice: Choice,
    /// The structure at the start, if the strategy has any.
    pub structure: Option<Box<tracker::Place>>,
    /// The parents that the start is in.
    pub parents: OpenParents,
}

/// A chunk just cut.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cut<'a> {
    /// The span of the chunk.
    pub span: Span,
    /// The text of the chunk.
    pub text: &'a str,
    /// The bytes of it that the chunk before covers.
    pub covered: usize,
    /// The structure of the chunk.
    pub structure: Structure,
    /// The number of levels whose parents begin with the chunk: the finest of them.
    pub begun: usize,
    /// The number of levels whose parents end with the chunk: the finest of them.
    pub ended: usize,
    /// The number of its tokens. `None` means that nothing is measured in tokens.
    pub tokens: Option<u32>,
    /// The number of tokens of each level's parent, coarse to fine.
    pub parent_tokens: [Option<u32>; PARENTS_MAX],
}
