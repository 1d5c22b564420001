//! The state of a scan between two lines.

use crate::domain::structure::blocks::{Blocks, Form, HEADING_RANKS, Mark, Rank};
use crate::domain::structure::kind::Kind;
use crate::domain::structure::line::{LOOK_AHEAD_BYTES, Line};
use crate::domain::structure::markdown::container::{Container, DEPTH_MAX};
use crate::domain::structure::markdown::cursor::Cursor;
use crate::domain::structure::markdown::front_matter;
use crate::domain::structure::markdown::heading;
use crate::domain::structure::markdown::leaf::Leaf;
use crate::domain::structure::markdown::start::{self, Opening, Start};
use crate::domain::structure::markdown::table;

/// The rank of the first block after a thematic break.
const RANK_AFTER_BREAK: Rank = HEADING_RANKS;
/// The rank of a block outside of containers.
const RANK_BLOCK: Rank = RANK_AFTER_BREAK + 1;

/// The state of a scan between two lines.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// The open containers, from the outermost.
    pub(super) containers: Vec<Container>,
    pub(super) leaf: Leaf,
    /// Whether the last block was a thematic break outside of containers.
    pub(super) is_after_break: bool,
}

/// The blocks that a line continues and begins.
#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    /// The number of containers that the line continues.
    continued: usize,
    /// The rank of the outermost container that it begins.
    rank: Option<Rank>,
    /// Whether the line's first block follows the marker of an item, which stands alone in the line before.
    is_glued: bool,
}

impl State {
    /// Begins a document with front matter of that mark, after its first line.
    pub fn begin_front_matter(&mut self, mark: u8, blocks: Option<&mut Blocks>) {
        self.leaf = Leaf::FrontMatter(mark);
        if let Some(blocks) = blocks {
            blocks.begin(0, Mark::new(RANK_BLOCK, Kind::FrontMatter, Form::Whole));
        }
    }

    /// Reads a line.
    pub fn read(&mut self, line: Line<'_>, blocks: Option<&mut Blocks>) {
        if self.is_plain(line.text) {
            self.extend_paragraph(line.byte, line.text);
            return;
        }
        let mut cursor = Cursor::new(line.text);
        let begun = self.continue_containers(&mut cursor);
        let is_whole = begun.continued == self.containers.len();
        if is_whole && self.continues_leaf(line, &cursor) {
            return;
        }
        if cursor.is_blank() {
            self.containers.truncate(begun.continued);
            self.leaf = Leaf::None;
            return;
        }
        self.read_text(line, cursor, begun, blocks);
    }

    /// Whether the line continues a paragraph outside of containers, and cannot be anything else.
    fn is_plain(&self, line: &[u8]) -> bool {
        let is_paragraph =
            matches!(self.leaf, Leaf::Paragraph { .. }) && self.containers.is_empty();
        is_paragraph
            && line
                .first()
                .is_some_and(|first| first.is_ascii_alphabetic() || *first >= 0x80)
    }

    /// Adds a line to the open paragraph. `row` is its text after the marks of its containers.
    fn extend_paragraph(&mut self, byte: u64, row: &[u8]) {
        if let Leaf::Paragraph { line, cells, .. } = &mut self.leaf {
            *line = byte;
            *cells = table::cells(row);
        }
    }

    /// Skips the marks of the open containers that the line continues.
    fn continue_containers(&mut self, cursor: &mut Cursor<'_>) -> Begun {
        let mut begun = Begun::default();
        for container in &mut self.containers {
            if !container.continues(cursor) {
                break;
            }
            begun.continued += 1;
            if let Container::Item { is_empty, .. } = container
                && !cursor.is_blank()
            {
                begun.is_glued |= *is_empty;
                *is_empty = false;
            }
        }
        begun
    }

    /// Whether the line is part of the open block, which is not a paragraph.
    fn continues_leaf(&mut self, line: Line<'_>, cursor: &Cursor<'_>) -> bool {
        let rest = cursor.rest();
        match self.leaf {
            Leaf::None | Leaf::Paragraph { .. } => false,
            Leaf::Fence(fence) => {
                if start::may_begin(cursor) && fence.is_closed_by(rest) {
                    self.leaf = Leaf::None;
                }
                true
            }
            Leaf::Indented => cursor.is_blank() || !start::may_begin(cursor),
            Leaf::Html(end) => {
                let is_ended = end.is_in(rest);
                if is_ended {
                    self.leaf = Leaf::None;
                }
                !(is_ended && end.is_blank())
            }
            Leaf::Table => !cursor.is_blank() && start::is_row(cursor),
            Leaf::FrontMatter(mark) => {
                if front_matter::is_end(line.text, mark) {
                    self.leaf = Leaf::None;
                }
                true
            }
        }
    }

    /// Reads a line that is not blank after the marks of the containers that it continues.
    fn read_text(
        &mut self,
        line: Line<'_>,
        mut cursor: Cursor<'_>,
        mut begun: Begun,
        mut blocks: Option<&mut Blocks>,
    ) {
        let mut depth = begun.continued;
        let mut is_in_paragraph = matches!(self.leaf, Leaf::Paragraph { .. });
        // A lazy line continues a paragraph, but turns it into nothing else.
        let mut interrupts = is_in_paragraph && depth == self.containers.len();
        if interrupts && self.turn(line, &cursor, blocks.as_deref_mut()) {
            return;
        }
        let start = loop {
            let found = start::of(&cursor, is_in_paragraph, interrupts);
            let Start::Container(opening) = found else {
                break found;
            };
            if depth == DEPTH_MAX {
                break Start::Text;
            }
            let rank = self.container_rank(depth, opening);
            begun.rank.get_or_insert(rank);
            self.containers.truncate(depth);
            self.containers.push(opening.open(&mut cursor));
            depth += 1;
            self.leaf = Leaf::None;
            is_in_paragraph = false;
            interrupts = false;
        };
        if start == Start::Continuation {
            self.extend_paragraph(line.byte, cursor.rest());
            return;
        }
        self.containers.truncate(depth);
        self.begin_leaf(start, line.byte, cursor.rest());
        if let Some(blocks) = blocks {
            blocks.begin(line.byte, self.mark(start, begun));
        }
        self.is_after_break = start == Start::Break && depth == 0;
    }

    /// Returns the rank of a container with `depth` others around it. An item after another of its list has a lower
    /// rank than the list.
    fn container_rank(&self, depth: usize, opening: Opening) -> Rank {
        let is_sibling = match (opening, self.containers.get(depth)) {
            (Opening::Item(marker), Some(Container::Item { mark, .. })) => marker.mark == *mark,
            _ => false,
        };
        self.rank_of(depth) + Rank::from(is_sibling)
    }

    /// Returns the rank of a block in `depth` containers.
    fn rank_of(&self, depth: usize) -> Rank {
        if depth == 0 && self.is_after_break {
            return RANK_AFTER_BREAK;
        }
        RANK_BLOCK + 2 * Rank::try_from(depth).unwrap_or(Rank::MAX / 4)
    }

    /// Opens the block that a line begins. `rest` is its text after the marks of its containers.
    fn begin_leaf(&mut self, start: Start, byte: u64, rest: &[u8]) {
        self.leaf = match start {
            Start::Fence(fence) => Leaf::Fence(fence),
            // The line may end the block that it begins.
            Start::Html(end) if !end.is_blank() && end.is_in(rest) => Leaf::None,
            Start::Html(end) => Leaf::Html(end),
            Start::Indented => Leaf::Indented,
            Start::Text | Start::Continuation => Leaf::Paragraph {
                start: byte,
                line: byte,
                cells: table::cells(rest),
            },
            Start::Container(_) | Start::Heading(_) | Start::Break | Start::Empty => Leaf::None,
        };
    }

    /// Returns the mark of the blocks that a line begins.
    fn mark(&self, start: Start, begun: Begun) -> Mark {
        let depth = self.containers.len();
        let (kind, form) = match start {
            Start::Heading(_) => (Kind::Heading, Form::Heading),
            Start::Fence(_) => (Kind::Code, Form::Fence),
            Start::Indented => (Kind::Code, Form::Whole),
            Start::Html(_) => (Kind::Html, Form::Whole),
            Start::Container(_)
            | Start::Break
            | Start::Text
            | Start::Continuation
            | Start::Empty => (Kind::Prose, Form::Text),
        };
        let rank = if let (Start::Heading(level), 0) = (start, depth) {
            level - 1
        } else {
            begun.rank.unwrap_or_else(|| self.rank_of(depth))
        };
        Mark::new(rank, self.kind_or(kind), form).glued(begun.is_glued)
    }

    /// Returns the kind of the outermost container, or `kind` outside of containers.
    fn kind_or(&self, kind: Kind) -> Kind {
        self.containers.first().map_or(kind, |outer| outer.kind())
    }

    /// Turns the open paragraph into a heading or a table, if the line underlines it. Returns whether it does.
    fn turn(&mut self, line: Line<'_>, cursor: &Cursor<'_>, blocks: Option<&mut Blocks>) -> bool {
        let Leaf::Paragraph {
            start,
            line: header,
            cells,
        } = self.leaf
        else {
            return false;
        };
        let end = line.byte + line.text.len() as u64;
        let is_decided = |from: u64| end.saturating_sub(from) <= LOOK_AHEAD_BYTES as u64;
        let rest = cursor.rest();
        if !start::may_begin(cursor) {
            return false;
        }
        if let Some(level) = heading::setext_level(rest).filter(|_| is_decided(start)) {
            self.leaf = Leaf::None;
            let opens_section = self.containers.is_empty();
            if let Some(blocks) = blocks {
                blocks.change_last(|mark| {
                    mark.form = Form::Heading;
                    if opens_section {
                        mark.kind = Kind::Heading;
                        mark.rank = level - 1;
                    }
                });
            }
            return true;
        }
        let is_table = table::columns(rest) == Some(cells) && is_decided(header);
        if is_table {
            self.leaf = Leaf::Table;
            if let Some(blocks) = blocks {
                let rank = self.rank_of(self.containers.len());
                blocks.begin(
                    header,
                    Mark::new(rank, self.kind_or(Kind::Table), Form::Table),
                );
            }
        }
        is_table
    }
}
