//! The headings that a chunk is under, and the introduction of a block that is cut.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::domain::structure::blocks::{BlocksView, Form};
use crate::domain::structure::codec::{self, Reader};
use crate::domain::structure::line;
use crate::domain::structure::markdown::{fence, heading, start};

/// The most bytes of a heading's title in a context. Longer titles are cut off.
pub const TITLE_BYTES_MAX: usize = 256;

/// The most bytes of a block's introduction in a context. Longer ones are cut off.
pub const INTRODUCTION_BYTES_MAX: usize = 1024;

/// The most bytes of text that a context has.
pub const BYTES_MAX: usize = heading::LEVELS * TITLE_BYTES_MAX + INTRODUCTION_BYTES_MAX;

/// The context of a chunk: of the first character that the chunk before does not cover.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Context {
    /// The number of the section, from 1 in the document's order; 0 before the first heading.
    pub section: u64,
    /// The headings that the chunk is under, outermost first.
    pub headings: Vec<Heading>,
    /// The introduction of the block that the chunk begins in, if that block is cut: the header row of a table, or
    /// the info string of a fence. Empty otherwise.
    pub introduction: String,
}

/// A heading.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Heading {
    /// The level, from 1.
    pub level: u8,
    /// The title, as written, without the marks of the heading. At most [`TITLE_BYTES_MAX`] bytes.
    pub title: String,
}

impl Context {
    /// Opens the section of a heading.
    pub fn open(&mut self, heading: Heading) {
        self.section += 1;
        let outer = self
            .headings
            .iter()
            .take_while(|outer| outer.level < heading.level);
        self.headings.truncate(outer.count());
        self.headings.push(heading);
    }

    /// Appends the encoded form.
    pub fn encode(&self, to: &mut Vec<u8>) {
        let Self {
            section,
            headings,
            introduction,
        } = self;
        to.extend_from_slice(&section.to_le_bytes());
        to.push(u8::try_from(headings.len()).unwrap_or(u8::MAX));
        for heading in headings {
            to.push(heading.level);
            codec::push_text(to, &heading.title);
        }
        codec::push_text(to, introduction);
    }

    /// Returns the context that `from` begins with, and takes it off. Returns `None` if it is damaged.
    pub fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let section = u64::from_le_bytes(from.array()?);
        let headings = from.number()?;
        if usize::from(headings) > heading::LEVELS {
            return None;
        }
        let heading = |from: &mut Reader<'_>| {
            Some(Heading {
                level: from.number()?,
                title: from.text(TITLE_BYTES_MAX)?,
            })
        };
        let headings = (0..headings).map(|_| heading(from));
        Some(Self {
            section,
            headings: headings.collect::<Option<_>>()?,
            introduction: from.text(INTRODUCTION_BYTES_MAX)?,
        })
    }

    /// Whether the chunk is under no heading and in no cut block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headings.is_empty() && self.introduction.is_empty()
    }

    /// Returns the bytes that identify the headings and the introduction. The number of the section does not count,
    /// because a heading before it changes it.
    #[must_use]
    pub fn identity(&self) -> Vec<u8> {
        let mut identity = Vec::new();
        for heading in &self.headings {
            identity.push(heading.level);
            identity.extend_from_slice(&(heading.title.len() as u64).to_le_bytes());
            identity.extend_from_slice(heading.title.as_bytes());
        }
        identity.push(0);
        identity.extend_from_slice(self.introduction.as_bytes());
        identity
    }

    /// Returns the bytes of text that a chunk's context has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let titles = self.headings.iter().map(|heading| heading.title.len());
        titles.sum::<usize>() + self.introduction.len()
    }
}

/// Returns the context at the end of `places`, in a text that has `context` before its start. It has the headings
/// that begin at the start of `places` or before.
#[must_use]
pub fn of(
    context: &Arc<Context>,
    text: &str,
    blocks: BlocksView<'_>,
    places: RangeInclusive<usize>,
) -> Arc<Context> {
    let mut context = Arc::clone(context);
    let mut opened: Vec<(usize, u8)> = Vec::new();
    let mut count = 0;
    for (place, level) in blocks.sections(*places.start()) {
        let outer = opened.iter().take_while(|(_, outer)| *outer < level);
        opened.truncate(outer.count());
        opened.push((place, level));
        count += 1;
    }
    if count > 0 {
        // Only headings that stay open are read, however many there are.
        let context = Arc::make_mut(&mut context);
        context.section += count - opened.len() as u64;
        for (place, level) in opened {
            context.open(heading_at(text, place, level));
        }
    }
    let introduction = introduction(&context, text, blocks, *places.end());
    if introduction != context.introduction {
        Arc::make_mut(&mut context).introduction = introduction;
    }
    context
}

/// Returns the heading of that level at `place`.
#[must_use]
pub fn heading_at(text: &str, place: usize, level: u8) -> Heading {
    Heading {
        level,
        title: shortened(&heading::title(head(text, place)), TITLE_BYTES_MAX),
    }
}

/// Returns the introduction of the block that is cut at `end`.
fn introduction(context: &Context, text: &str, blocks: BlocksView<'_>, end: usize) -> String {
    let Some(unit) = blocks.cut_at(text, end) else {
        return String::new();
    };
    let Some(block) = unit.block else {
        return context.introduction.clone();
    };
    let line = line::lines(head(text, block)).next().unwrap_or_default();
    let first = start::content(line);
    let introduction = match unit.form {
        Form::Table => first.trim_end(),
        Form::Fence => fence::info_string(first),
        Form::Text | Form::Heading | Form::Whole => "",
    };
    shortened(introduction, INTRODUCTION_BYTES_MAX)
}

/// Returns the text from `place` on that can have a heading or an introduction.
fn head(text: &str, place: usize) -> &str {
    let through = text.floor_char_boundary(place + HEAD_BYTES);
    &text[place..through]
}

/// The most bytes of a block that are read for its context.
const HEAD_BYTES: usize = 4 * 1024;

fn shortened(text: &str, bytes_max: usize) -> String {
    text[..text.floor_char_boundary(bytes_max)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Context, Heading};

    #[test]
    fn a_heading_closes_those_of_its_level_and_below() {
        let mut context = Context::default();
        let mut open = |level, title: &str| {
            context.open(Heading {
                level,
                title: title.to_owned(),
            });
            let titles: Vec<&str> = context
                .headings
                .iter()
                .map(|heading| &*heading.title)
                .collect();
            titles.join("/")
        };
        assert_eq!(open(2, "a"), "a");
        assert_eq!(open(4, "b"), "a/b");
        assert_eq!(open(3, "c"), "a/c");
        assert_eq!(open(2, "d"), "d");
        assert_eq!(open(1, "e"), "e");
        assert_eq!(context.section, 5);
    }
}
