//! The blocks of the text from a chunk's start on, as far as a scanner has marked them.

use crate::domain::structure::codec::Reader;
use crate::domain::structure::kind::Kind;

/// How a block may be cut.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Form {
    /// Text, which may be cut between sentences.
    #[default]
    Text = 0,
    /// A heading, which stays with the block after it.
    Heading = 1,
    /// Fenced code. It stays whole where it fits into a chunk.
    Fence = 2,
    /// A table. It stays whole where it fits into a chunk.
    Table = 3,
    /// Another block that stays whole where it fits into a chunk.
    Whole = 4,
}

impl Form {
    /// All forms, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Heading,
        Self::Fence,
        Self::Table,
        Self::Whole,
    ];

    /// Whether the block stays whole where it fits into a chunk.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Fence | Self::Table | Self::Whole)
    }
}

/// The rank of a boundary: the lowest is the best to cut at. Ranks below [`HEADING_RANKS`] are those of headings that
/// open sections, by their level.
pub type Rank = u8;

/// The number of ranks of headings that open sections.
pub const HEADING_RANKS: Rank = 6;

/// The place where a block begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The bytes of text from the base to the block.
    at: u32,
    /// The rank of the boundary before the block.
    pub rank: Rank,
    /// The kind of the block.
    pub kind: Kind,
    /// How the block may be cut.
    pub form: Form,
    /// Whether the block stays with the one before, which introduces it.
    pub is_glued: bool,
}

impl Mark {
    /// Returns the mark of a block at the base.
    #[must_use]
    pub fn new(rank: Rank, kind: Kind, form: Form) -> Self {
        Self {
            at: 0,
            rank,
            kind,
            form,
            is_glued: false,
        }
    }

    /// Returns the mark with that connection to the block before.
    #[must_use]
    pub fn glued(self, is_glued: bool) -> Self {
        Self { is_glued, ..self }
    }

    /// Whether the block is a heading that the next block stays with. A heading of the same level or above does not
    /// belong to it. In containers no other heading does, nor anything after a heading that stays with its marker. So
    /// at most a few blocks stay together.
    fn introduces(self, next: Self) -> bool {
        let is_other = match (self.section_level(), next.section_level()) {
            (Some(level), Some(next)) => next <= level,
            (None, _) => next.form == Form::Heading || self.is_glued,
            (Some(_), None) => false,
        };
        self.form == Form::Heading && !is_other
    }

    /// Returns the level of the heading, from 1, if it opens a section.
    #[must_use]
    pub fn section_level(self) -> Option<u8> {
        let opens = self.form == Form::Heading && self.rank < HEADING_RANKS;
        opens.then(|| self.rank + 1)
    }
}

/// The text before the first block: the worst boundary.
impl Default for Mark {
    fn default() -> Self {
        Self::new(Rank::MAX, Kind::Prose, Form::Text)
    }
}

/// The block at a chunk's start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct First {
    /// Its mark.
    pub mark: Mark,
    /// Whether the block begins before the chunk.
    pub is_begun: bool,
}

impl First {
    /// Appends the encoded form.
    pub fn encode(&self, to: &mut Vec<u8>) {
        let Self { mark, is_begun } = self;
        to.extend_from_slice(&[
            mark.rank,
            mark.kind.number(),
            mark.form as u8,
            u8::from(mark.is_glued),
            u8::from(*is_begun),
        ]);
    }

    /// Returns the block that `from` begins with, and takes it off. Returns `None` if it is damaged.
    pub fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let rank = from.number()?;
        let kind = Kind::from_number(from.number()?)?;
        let form = Form::ALL.get(usize::from(from.number()?)).copied()?;
        let is_glued = from.flag()?;
        Some(Self {
            mark: Mark::new(rank, kind, form).glued(is_glued),
            is_begun: from.flag()?,
        })
    }
}

/// The blocks from a chunk's start on. The first is the one that the start is in.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// The byte of text that the marks count from.
    base: u64,
    /// The marks before the one at `head` are of earlier chunks.
    marks: Vec<Mark>,
    head: usize,
    /// The chunk's start, counted from the base.
    start: usize,
}

impl Blocks {
    /// Creates the blocks of a chunk that starts at `byte` of the text, in the block `first`.
    #[must_use]
    pub fn new(byte: u64, first: First) -> Self {
        let before = u64::from(first.is_begun);
        let mark = Mark {
            at: 0,
            ..first.mark
        };
        Self {
            base: byte.saturating_sub(before),
            marks: vec![mark],
            head: 0,
            start: usize::from(first.is_begun),
        }
    }

    /// Returns the block at the chunk's start.
    #[must_use]
    pub fn first(&self) -> First {
        let mark = self.marks[self.head];
        First {
            mark: Mark { at: 0, ..mark },
            is_begun: (mark.at as usize) < self.start,
        }
    }

    /// Adds the block that begins at `byte`, after all others. If the last block begins there, its kind and form
    /// change.
    pub fn begin(&mut self, byte: u64, mark: Mark) {
        let at = self.offset(byte);
        let last = self.last();
        if last.at == at {
            last.kind = mark.kind;
            last.form = mark.form;
            last.rank = last.rank.min(mark.rank);
            return;
        }
        let is_glued = mark.is_glued || last.introduces(mark);
        self.marks.push(Mark {
            at,
            is_glued,
            ..mark
        });
    }

    /// Changes the last block, of which a later line decides what it is.
    pub fn change_last(&mut self, change: impl FnOnce(&mut Mark)) {
        change(self.last());
        // A paragraph that turns into a heading may begin another section than the heading before it.
        if let [.., before, last] = &mut *self.marks
            && last.form == Form::Heading
        {
            last.is_glued &= before.introduces(*last);
        }
    }

    /// Moves the start to a later `byte`.
    pub fn advance(&mut self, byte: u64) {
        self.start = self.offset(byte) as usize;
        let passed =
            self.marks[self.head + 1..].partition_point(|mark| mark.at as usize <= self.start);
        self.head += passed;
        // Each mark is moved once for as many that are dropped.
        if self.head > self.marks.len() / 2 || self.start > START_BYTES_MAX {
            self.drop_passed();
        }
    }

    fn drop_passed(&mut self) {
        self.marks.drain(..self.head);
        self.head = 0;
        // How far the first block begins before the start decides nothing.
        let before = u32::try_from(self.start.saturating_sub(1)).unwrap_or(u32::MAX);
        let first = self.marks[0].at.max(before);
        for mark in &mut self.marks {
            mark.at = mark.at.saturating_sub(first);
        }
        self.base += u64::from(first);
        self.start -= first as usize;
    }

    /// Frees memory that is not needed until more text arrives.
    pub fn rest(&mut self) {
        self.drop_passed();
        self.marks.shrink_to_fit();
    }

    /// Returns the blocks as the text from the chunk's start sees them.
    #[must_use]
    pub fn view(&self) -> BlocksView<'_> {
        BlocksView {
            marks: &self.marks[self.head..],
            start: self.start,
        }
    }

    fn last(&mut self) -> &mut Mark {
        self.marks
            .last_mut()
            .expect("there is always a first block")
    }

    /// Returns the distance of `byte` from the base, which is less than [`START_BYTES_MAX`] and a window.
    fn offset(&self, byte: u64) -> u32 {
        u32::try_from(byte.saturating_sub(self.base)).unwrap_or(u32::MAX)
    }
}

/// The distance of the start from the base at which passed marks are dropped, however few. Distances fit into 32 bits.
const START_BYTES_MAX: usize = 1 << 30;

/// The most bytes that the marks of `text_bytes` bytes of text take: a block of one character and its line end, half
/// as many passed marks, in a buffer that doubles, beside its old half.
#[must_use]
pub fn bytes_max(text_bytes: usize) -> usize {
    9 * text_bytes / 4 * size_of::<Mark>()
}

/// The blocks of a text. Offsets count from the text's start.
#[derive(Clone, Copy, Debug)]
pub struct BlocksView<'a> {
    marks: &'a [Mark],
    start: usize,
}

/// One or more blocks that belong together: a block, and the headings that introduce it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unit {
    /// The start. `None` means before the text.
    pub start: Option<usize>,
    /// The start of the block that a place is in. `None` means before the text.
    pub block: Option<usize>,
    /// The start of the next block. `None` means that it is not known.
    pub end: Option<usize>,
    /// How the block that the place is in may be cut.
    pub form: Form,
}

impl<'a> BlocksView<'a> {
    /// Returns the blocks that begin before `place`. A parent ends there, and the next block is not part of it.
    #[must_use]
    pub fn before(self, place: usize) -> Self {
        let at = place + self.start;
        let blocks = self.marks[1..].partition_point(|mark| (mark.at as usize) < at);
        Self {
            marks: &self.marks[..=blocks],
            ..self
        }
    }

    /// Returns the marks that lie after `from` and not after `through`, with their places.
    pub fn marks(
        self,
        from: usize,
        through: usize,
    ) -> impl Iterator<Item = (usize, &'a Mark)> + use<'a> {
        let first = self.index_after(from);
        let marks = self.marks[first..].iter();
        marks
            .map(move |mark| (self.place(*mark), mark))
            .take_while(move |(place, _)| *place <= through)
    }

    /// Returns the mark of the block that the character after `place` is in.
    #[must_use]
    pub fn block_at(self, place: usize) -> &'a Mark {
        &self.marks[self.index_after(place) - 1]
    }

    /// Returns the unit that would be torn by a cut at `place`. Returns `None` if a unit begins there.
    #[must_use]
    pub fn unit_around(self, place: usize) -> Option<Unit> {
        let after = self.index_after(place);
        let found = &self.marks[after - 1];
        let is_start = self.begins_at(*found, place);
        if is_start && !found.is_glued {
            return None;
        }
        // At the start of a glued block, the cut would tear it from the block before.
        let first = self.marks[..after]
            .iter()
            .rposition(|mark| !mark.is_glued)
            .unwrap_or(0);
        let form = if is_start { Form::Heading } else { found.form };
        Some(Unit {
            start: self.place_of(self.marks[first]),
            block: self.place_of(*found),
            end: self.marks.get(after).map(|next| self.place(*next)),
            form,
        })
    }

    /// Returns the unit whose block is cut at `place` of `text`: the block stays whole where it fits, and has more than
    /// white space after the place.
    #[must_use]
    pub fn cut_at(self, text: &str, place: usize) -> Option<Unit> {
        let unit = self.unit_around(place)?;
        let rest = &text[place..unit.end.unwrap_or(text.len())];
        (unit.form.is_whole() && !rest.trim_start().is_empty()).then_some(unit)
    }

    /// Returns the places and levels of the headings that open sections, from the text's start through `place`.
    pub fn sections(self, place: usize) -> impl Iterator<Item = (usize, u8)> + use<'a> {
        let marks = &self.marks[..self.index_after(place)];
        let place_of = move |mark: &Mark| Some((self.place_of(*mark)?, mark.section_level()?));
        marks.iter().filter_map(place_of)
    }

    /// Returns the start of the last heading that opens a section and lies after the text's start and not after
    /// `place`.
    #[must_use]
    pub fn last_section(self, place: usize) -> Option<usize> {
        let after = self.index_after(place);
        let mut marks = self.marks[1..after.max(1)].iter().rev();
        let heading = marks.find(|mark| mark.section_level().is_some())?;
        Some(self.place(*heading))
    }

    /// Returns the index of the first mark after `place`, at least 1.
    fn index_after(self, place: usize) -> usize {
        let at = place + self.start;
        1 + self.marks[1..].partition_point(|mark| mark.at as usize <= at)
    }

    fn begins_at(self, mark: Mark, place: usize) -> bool {
        mark.at as usize == place + self.start
    }

    fn place(self, mark: Mark) -> usize {
        mark.at as usize - self.start
    }

    fn place_of(self, mark: Mark) -> Option<usize> {
        (mark.at as usize).checked_sub(self.start)
    }
}
