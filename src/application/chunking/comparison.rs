//! Compares the chunks of a text by several specs, and recommends one of the specs.

use crate::application::error::Error;
use crate::domain::chunking::partial::Partial;
use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::{Cut, Splitter};
use crate::domain::chunking::strategy::Kind;
use crate::domain::text::encoding::decoding::Decoding;
use crate::domain::text::reading::place;

/// The chunks of a text by one spec, in numbers.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The spec.
    pub spec: Spec,
    /// The number of chunks.
    pub chunks: u64,
    /// The length of the smallest chunk, in characters.
    pub characters_min: u64,
    /// The sum of the lengths of all chunks, in characters.
    pub characters: u64,
    /// The length of the largest chunk, in characters.
    pub characters_max: u64,
    /// The number of bytes that are in two chunks.
    pub repeated_bytes: u64,
    /// The number of chunks that end at the end of a sentence or a line.
    pub clean_ends: u64,
}

/// The recommended spec for a text.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// The spec.
    pub spec: Spec,
    /// The reason, for people.
    pub reason: String,
    /// The comparisons of all specs.
    pub comparisons: Vec<Comparison>,
}

/// Cuts a text by each spec.
///
/// # Errors
///
/// Fails at a fault that the decoding policy rejects.
pub fn compare(
    specs: Vec<Spec>,
    decoding: Decoding,
    content: &[u8],
) -> Result<Vec<Comparison>, Error> {
    let text = text(decoding, content)?;
    let compared = specs.into_iter().map(|spec| {
        let mut comparison = Comparison {
            spec,
            chunks: 0,
            characters_min: 0,
            characters: 0,
            characters_max: 0,
            repeated_bytes: 0,
            clean_ends: 0,
        };
        let chunker = comparison.spec.chunker();
        let mut covered = 0;
        each(Splitter::new(chunker, decoding), content, |cut| {
            let start = cut.span.start;
            let end = cut.span.end;
            let characters = end.character - start.character;
            let is_first = comparison.chunks == 0;
            let smallest = comparison.characters_min;
            comparison.characters_min = if is_first {
                characters
            } else {
                smallest.min(characters)
            };
            comparison.characters_max = comparison.characters_max.max(characters);
            comparison.characters += characters;
            comparison.chunks += 1;
            comparison.repeated_bytes += covered - start.byte.min(covered);
            comparison.clean_ends += u64::from(is_clean(&text, end.byte));
            covered = end.byte;
        })?;
        Ok(comparison)
    });
    compared.collect()
}

/// Returns a spec for every strategy, with the fields of `chunking` that apply to it. The cheapest is last, so it is
/// recommended only if it is better than the others.
///
/// # Errors
///
/// Fails if a strategy does not allow those sizes.
pub fn every_strategy(chunking: &Partial) -> Result<Vec<Spec>, Error> {
    let specs = [Kind::Recursive, Kind::Sentence, Kind::Markdown, Kind::Fixed].map(|kind| {
        let separators = chunking.separators.clone();
        let of_kind = Partial {
            strategy: Some(kind),
            separators: separators.filter(|_| kind == Kind::Recursive),
            ..chunking.clone()
        };
        of_kind.over(&Partial::default())
    });
    let specs = specs.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(specs)
}

/// Cuts a text by each spec, and recommends the one with the largest share of clean ends; among equals the first.
///
/// # Errors
///
/// Fails as [`compare`] does.
pub fn recommend(
    specs: Vec<Spec>,
    decoding: Decoding,
    content: &[u8],
) -> Result<Recommendation, Error> {
    let comparisons = compare(specs, decoding, content)?;
    let mut best = &comparisons[0];
    for other in &comparisons {
        // a/b > c/d without a division.
        if other.clean_ends * best.chunks > best.clean_ends * other.chunks {
            best = other;
        }
    }
    let said = comparisons.iter().map(|comparison| {
        let name = comparison.spec.strategy().name();
        let chunks = comparison.chunks;
        format!("{name} {} of {chunks}", comparison.clean_ends)
    });
    let reason = format!(
        "chunks that end where a sentence or a line does: {}",
        said.collect::<Vec<_>>().join(", ")
    );
    Ok(Recommendation {
        spec: best.spec.clone(),
        reason,
        comparisons,
    })
}

/// Decodes the whole text.
fn text(decoding: Decoding, content: &[u8]) -> Result<String, Error> {
    let mut text = String::new();
    let splitter = Splitter::new(Spec::default().chunker(), decoding);
    each(splitter, content, |cut| text.push_str(cut.text))?;
    Ok(text)
}

/// Whether a chunk that ends at `byte` ends where a reader would cut: after a sentence, after a line that is not
/// wrapped, or at the end of the text.
fn is_clean(text: &str, byte: u64) -> bool {
    usize::try_from(byte).is_ok_and(|at| at == text.len() || place::is_clean(text, at))
}

/// Calls `seen` with every chunk of a source.
fn each(
    mut splitter: Splitter,
    content: &[u8],
    mut seen: impl FnMut(&Cut<'_>),
) -> Result<(), Error> {
    let mut rest = content;
    while !splitter.is_done() {
        while let Some(cut) = splitter.next_chunk()? {
            seen(&cut);
        }
        if rest.is_empty() {
            splitter.finish();
        } else {
            rest = &rest[splitter.feed(rest)..];
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{every_strategy, is_clean, recommend};
    use crate::domain::chunking::partial::Partial;
    use crate::domain::text::encoding::decoding::Decoding;

    fn recommended(text: &str) -> &'static str {
        let sizes = Partial {
            max_size: Some(200),
            ..Partial::default()
        };
        let specs = every_strategy(&sizes).unwrap();
        let recommendation = recommend(specs, Decoding::default(), text.as_bytes());
        recommendation.unwrap().spec.strategy().name()
    }

    #[test]
    fn the_strategy_that_suits_a_text_is_recommended() {
        let lines = (0..500).map(|n| format!("2026-11-23 12:{n:02} request {n} took {n} ms\n"));
        assert_eq!(recommended(&lines.collect::<String>()), "recursive");
        // The space is the only separator in this text, and only UAX #29 finds the ends of its sentences.
        let questions = "Was it so\u{203D} It was\u{203D} Did anybody see it\u{203D} ".repeat(100);
        assert_eq!(recommended(&questions), "sentence");
        assert_eq!(recommended(""), "recursive");
        // Neither an abbreviation nor a wrapped line is a clean end.
        let wrapped =
            "Deer and roe live, e.g. The red ones, in the woods of Dr. Miller and of Mrs. Jones\n";
        assert!(!is_clean(wrapped, wrapped.find("The").unwrap() as u64));
        let next =
            "Brown, who walked home along the river before the evening came, and it became dark\n";
        let lines = [wrapped, next].concat();
        assert!(!is_clean(&lines, wrapped.len() as u64));
        assert!(is_clean("It rains. It pours.", 10));
    }
}
