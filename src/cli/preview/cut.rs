//! Cuts a whole document, and gathers the numbers of its chunks.

use crate::domain::chunking::comparison::{self, Comparison};
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::text::encoding::decoding::{Decoding, Fault};
use crate::domain::text::reading::place;

/// A document as text, and its chunks by each spec.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) previews: Vec<Preview>,
}

/// The chunks by one spec.
#[derive(Debug)]
pub(crate) struct Preview {
    /// The spec with its numbers, as CompareStrategies gives them.
    pub(crate) comparison: Comparison,
    pub(crate) chunks: Vec<PreviewChunk>,
}

/// A chunk of a preview.
#[derive(Debug)]
pub(crate) struct PreviewChunk {
    /// The bytes of the text where it starts and ends.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The bytes at its start that the chunk before has too.
    pub(crate) repeated: usize,
    pub(crate) characters: u64,
    pub(crate) tokens: Option<u32>,
    /// The titles of the headings that it is under, and the introduction of a block that it continues.
    pub(crate) context: Vec<String>,
    /// Whether it ends where a sentence or a line does.
    pub(crate) is_clean: bool,
}

impl PreviewChunk {
    /// Returns the repeated and the new part of its text.
    pub(crate) fn parts<'a>(&self, text: &'a str) -> (&'a str, &'a str) {
        text[self.start..self.end].split_at(self.repeated)
    }
}

/// Cuts `content` by each spec.
///
/// # Errors
///
/// Fails at a fault that the decoding policy rejects.
pub(crate) fn document(
    name: String,
    specs: Vec<LoadedSpec>,
    decoding: Decoding,
    content: &[u8],
) -> Result<Document, Fault> {
    let text = comparison::text(decoding, content)?;
    let mut cut = Vec::with_capacity(specs.len());
    for spec in &specs {
        cut.push(chunks(spec, decoding, content, &text)?);
    }
    let compared = comparison::compare(specs, decoding, content)?;
    let previews = compared.into_iter().zip(cut);
    let previews = previews.map(|(comparison, chunks)| Preview { comparison, chunks });
    Ok(Document {
        name,
        previews: previews.collect(),
        text,
    })
}

fn chunks(
    spec: &LoadedSpec,
    decoding: Decoding,
    content: &[u8],
    text: &str,
) -> Result<Vec<PreviewChunk>, Fault> {
    let mut chunks = Vec::new();
    let splitter = Splitter::new(spec.chunker(), decoding);
    let mut start = 0;
    comparison::each(splitter, content, |cut| {
        let new = cut.text.len() - cut.covered;
        let end = start + new;
        let under = cut.structure.context();
        let titles = under.headings.iter().map(|heading| heading.title.clone());
        let introduction = Some(under.introduction.clone());
        let introduction = introduction.filter(|introduction| !introduction.is_empty());
        chunks.push(PreviewChunk {
            start: start - cut.covered,
            end,
            repeated: cut.covered,
            characters: cut.span.end.character - cut.span.start.character,
            tokens: cut.tokens,
            context: titles.chain(introduction).collect(),
            is_clean: end == text.len() || place::is_clean(text, end),
        });
        start = end;
    })?;
    Ok(chunks)
}
