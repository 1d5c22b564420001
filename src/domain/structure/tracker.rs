//! Tracks the blocks and the context of a document's text while it is cut.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::structure::blocks::{Blocks, BlocksView, First};
use crate::domain::structure::codec::Reader;
use crate::domain::structure::context::{self, Context};
use crate::domain::structure::format::Format;
use crate::domain::structure::kind::Kind;
use crate::domain::structure::scanner::Scanner;
use crate::domain::structure::section::{SECTIONS_MAX, SectionStart, Sections};
use crate::domain::text::position::Position;
use crate::domain::text::white_space;

/// The structure of the text from a chunk's start on.
#[derive(Debug)]
pub struct Tracker {
    /// Reads ahead of the chunk's start, to the horizon.
    ahead: Scanner,
    blocks: Blocks,
    place: Place,
}

/// The structure at a chunk's start: the state to resume there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The scan of the lines that begin before the start.
    pub scanner: Scanner,
    /// The block at the start.
    pub first: First,
    /// The context before the start.
    pub context: Arc<Context>,
}

impl Place {
    /// Appends the encoded form. The byte of the start is not part of it.
    pub fn encode(&self, to: &mut Vec<u8>) {
        self.scanner.encode(to);
        self.first.encode(to);
        self.context.encode(to);
    }

    /// Returns the place at `byte` that `from` begins with, and takes it off. Returns `None` if it is damaged.
    pub fn decode(from: &mut Reader<'_>, byte: u64) -> Option<Self> {
        Some(Self {
            scanner: Scanner::decode(from, byte)?,
            first: First::decode(from)?,
            context: Arc::new(Context::decode(from)?),
        })
    }
}

/// The structure of a chunk.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Structure {
    /// The kind of the blocks that begin in it or continue in it, without its overlap.
    pub kind: Kind,
    /// Whether it has a part of a block that is cut because it alone exceeds the limit.
    pub continues: bool,
    /// Whether it is white space only.
    pub is_blank: bool,
    /// The headings that it is under. `None` means that the context is empty.
    pub context: Option<Arc<Context>>,
    /// The sections that begin in it, without its overlap. `None` means that there are none.
    pub sections: Option<Box<Sections>>,
}

/// The context of text under no heading.
static NO_CONTEXT: Context = Context {
    section: 0,
    headings: Vec::new(),
    introduction: String::new(),
};

impl Structure {
    /// Returns the structure of a chunk of a strategy without blocks.
    #[must_use]
    pub fn without_blocks(text: &str) -> Self {
        Self {
            is_blank: white_space::trim_start(text).is_empty(),
            ..Self::default()
        }
    }

    /// Returns the context, which may be empty.
    #[must_use]
    pub fn context(&self) -> &Context {
        self.context.as_deref().unwrap_or(&NO_CONTEXT)
    }

    /// Returns the bytes that the context and the sections take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.context().bytes()
            + self
                .sections
                .as_ref()
                .map_or(0, |sections| sections.bytes())
    }
}

impl Tracker {
    /// Starts a document.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self::resume(Place {
            scanner: Scanner::new(format),
            first: First::default(),
            context: Arc::default(),
        })
    }

    /// Resumes at a chunk's start.
    #[must_use]
    pub fn resume(place: Place) -> Self {
        Self {
            ahead: place.scanner.clone(),
            blocks: Blocks::new(place.scanner.byte(), place.first),
            place,
        }
    }

    /// Returns the state to resume at the chunk's start.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Reads the blocks of `text`, which begins at the chunk's start.
    pub fn read(&mut self, text: &str, is_end: bool) {
        let read = usize::try_from(self.ahead.byte() - self.place.scanner.byte());
        let rest = read.ok().and_then(|read| text.get(read..));
        self.ahead
            .read(rest.unwrap_or_default(), is_end, Some(&mut self.blocks));
    }

    /// Returns the blocks of the text that was read.
    #[must_use]
    pub fn blocks(&self) -> BlocksView<'_> {
        self.blocks.view()
    }

    /// Returns the structure of a chunk: the first `end` bytes of `text`, of which the chunk before covers `covered`.
    /// `position` returns the position of a place, and is called for places in order.
    #[must_use]
    pub fn structure(
        &self,
        text: &str,
        covered: usize,
        end: usize,
        position: impl FnMut(usize) -> Position,
    ) -> Structure {
        let blocks = self.blocks.view();
        let new = &text[covered..end];
        let shown = end - new.trim_start().len();
        let first = if shown < end { shown } else { covered };
        let kinds = blocks.marks(first, end.saturating_sub(1));
        let kind = kinds.fold(blocks.block_at(first).kind, |kind, (_, mark)| {
            kind.with(mark.kind)
        });
        let is_cut = |place| blocks.cut_at(text, place).is_some();
        let context = context::of(&self.place.context, text, blocks, covered..=covered);
        let sections = self.sections(text, covered..end, context.section, position);
        Structure {
            kind,
            continues: is_cut(0) || is_cut(end),
            sections: (!sections.listed.is_empty()).then(|| Box::new(sections)),
            context: (!context.is_empty()).then_some(context),
            ..Structure::without_blocks(&text[..end])
        }
    }

    /// Returns the sections that begin in `places` of `text`. The first place is in the section of that number.
    fn sections(
        &self,
        text: &str,
        places: Range<usize>,
        mut number: u64,
        mut position: impl FnMut(usize) -> Position,
    ) -> Sections {
        let mut sections = Sections::default();
        for (place, level) in self.blocks.view().sections(places.end.saturating_sub(1)) {
            if place < places.start {
                continue;
            }
            number += u64::from(place > places.start);
            if sections.listed.len() == SECTIONS_MAX {
                sections.omitted += 1;
                continue;
            }
            sections.listed.push(SectionStart {
                number,
                start: position(place),
                heading: context::heading_at(text, place, level),
            });
        }
        sections
    }

    /// Moves the chunk's start by `bytes` of `text`, which begins at the start and continues to the horizon.
    pub fn advance(&mut self, bytes: usize, text: &str, is_end: bool) {
        if bytes == 0 {
            return;
        }
        let blocks = self.blocks.view();
        // A heading at the new start is part of the text after it.
        self.place.context = context::of(&self.place.context, text, blocks, bytes - 1..=bytes);
        let byte = self.place.scanner.byte() + bytes as u64;
        self.place.scanner.advance(byte, text, is_end);
        self.blocks.advance(byte);
        self.place.first = self.blocks.first();
    }

    /// Frees memory that is not needed until more text arrives.
    pub fn rest(&mut self) {
        self.blocks.rest();
    }
}
