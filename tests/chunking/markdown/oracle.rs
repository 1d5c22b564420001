//! The blocks of a text by another parser, `pulldown-cmark`.
//!
//! Blocks are compared by the line that they begin in, and by what they are. Of several that begin in one line, the
//! innermost counts. Items without text count as text. Link definitions are text to the scanner, and nothing to the
//! other parser; lines of nothing but the marks of containers likewise. Both are left out.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::markdown::ranges::options;

/// A block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Block {
    /// The line that it begins in, from 0.
    pub(super) line: usize,
    pub(super) form: Form,
}

/// The form of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Text,
    /// A heading that opens a section, with its level.
    Section(u8),
    /// A heading in a container.
    Heading,
    Fence,
    Table,
    /// Indented code, or HTML.
    Other,
    FrontMatter,
}

/// Returns the blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut state = State::default();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        if let Some(form) = state.next(&event) {
            let line = line_of(text, range.start);
            found.push(Block { line, form });
        }
    }
    // The definitions of footnotes come in their order, but the last of several in a line counts.
    found.sort_by_key(|block| block.line);
    merged(found)
}

/// Returns the line of a byte.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    let ends = text[..byte].match_indices(['\n', '\r']);
    ends.filter(|(at, end)| *end == "\n" || !text[at + 1..].starts_with('\n'))
        .count()
}

/// Returns the last of the blocks that begin in one line.
pub(super) fn merged(blocks: Vec<Block>) -> Vec<Block> {
    let mut merged: Vec<Block> = Vec::new();
    for block in blocks {
        match merged.last_mut() {
            Some(last) if last.line == block.line => *last = block,
            _ => merged.push(block),
        }
    }
    merged
}

/// The open elements between two events.
#[derive(Default)]
struct State {
    /// For each open element, whether it is an item, whose text may have no paragraph.
    open: Vec<bool>,
    containers: usize,
    /// Whether the item's text without a paragraph has begun.
    is_in_text: bool,
}

impl State {
    /// Returns the block that an event begins.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events of the parser begin no block"
    )]
    fn next(&mut self, event: &Event<'_>) -> Option<Form> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => {
                self.open.pop();
                let is_container = matches!(
                    end,
                    TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition
                );
                self.containers -= usize::from(is_container);
                self.is_in_text &= is_inline(*end);
                None
            }
            Event::Rule => {
                self.is_in_text = false;
                Some(Form::Text)
            }
            Event::SoftBreak => None,
            _ => self.inline(),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events of the parser begin no block"
    )]
    fn start(&mut self, tag: &Tag<'_>) -> Option<Form> {
        let form = match tag {
            Tag::Paragraph | Tag::Item => Some(Form::Text),
            Tag::Heading { level, .. } if self.containers == 0 => Some(Form::Section(*level as u8)),
            Tag::Heading { .. } => Some(Form::Heading),
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => Some(Form::Fence),
            Tag::CodeBlock(_) | Tag::HtmlBlock => Some(Form::Other),
            Tag::Table(_) => Some(Form::Table),
            Tag::MetadataBlock(_) => Some(Form::FrontMatter),
            Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) | Tag::List(_) => None,
            _ => {
                let form = self.inline();
                self.open.push(false);
                return form;
            }
        };
        let is_container = matches!(
            tag,
            Tag::Item | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_)
        );
        self.containers += usize::from(is_container);
        self.open
            .push(matches!(tag, Tag::Item | Tag::FootnoteDefinition(_)));
        self.is_in_text = false;
        form
    }

    /// Returns the block that begins with text directly in an item.
    fn inline(&mut self) -> Option<Form> {
        let begins = self.open.last() == Some(&true) && !self.is_in_text;
        self.is_in_text |= begins;
        begins.then_some(Form::Text)
    }
}

fn is_inline(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
    )
}
