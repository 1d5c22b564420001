//! What becomes of a text in several ways of chunking, and which of them suits it.

use crate::application::error::Error;
use crate::domain::chunking::partial::Partial;
use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::{Cut, Splitter};
use crate::domain::chunking::strategy::Kind;
use crate::domain::text::decoding::Decoding;
use crate::domain::text::sentence;

/// What becomes of a text in one way.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The way.
    pub spec: Spec,
    /// How many chunks there are.
    pub chunks: u64,
    /// The characters of the smallest.
    pub characters_min: u64,
    /// The characters of all.
    pub characters: u64,
    /// The characters of the largest.
    pub characters_max: u64,
    /// Bytes that are in two chunks.
    pub repeated_bytes: u64,
    /// Chunks that end where a sentence or a line does.
    pub clean_ends: u64,
}

/// Which way suits a text.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// The way.
    pub spec: Spec,
    /// Why, for people.
    pub reason: String,
    /// What becomes of the text by each strategy.
    pub comparisons: Vec<Comparison>,
}

/// Cuts a text in each way.
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
    let ends = clean_ends(&text);
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
            let (start, end) = (cut.span.start, cut.span.end);
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
            comparison.clean_ends += u64::from(ends.binary_search(&end.byte).is_ok());
            covered = end.byte;
        })?;
        Ok(comparison)
    });
    compared.collect()
}

/// Every strategy with the fields of `chunking` that apply to it, the cheapest last: it is recommended only if nothing
/// is better.
///
/// # Errors
///
/// Fails if a strategy cannot have those sizes.
pub fn every_strategy(chunking: &Partial) -> Result<Vec<Spec>, Error> {
    let specs = [Kind::Recursive, Kind::Sentence, Kind::Fixed].map(|kind| {
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

/// Cuts a text in each way, and takes the one with the largest share of clean ends; of equals the first.
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
        let (name, chunks) = (comparison.spec.strategy().name(), comparison.chunks);
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

/// The whole text.
fn text(decoding: Decoding, content: &[u8]) -> Result<String, Error> {
    let mut text = String::new();
    let splitter = Splitter::new(Spec::default().chunker(), decoding);
    each(splitter, content, |cut| text.push_str(cut.text))?;
    Ok(text)
}

/// The bytes of a text, in order, at which a sentence or a line has ended, white space included.
fn clean_ends(text: &str) -> Vec<u64> {
    let mut ends = vec![text.len() as u64];
    sentence::find(text, 0, text.len(), &mut |place| ends.push(place as u64));
    for (at, _) in text.match_indices('\n') {
        let rest = &text[at..];
        let next = at + rest.len() - rest.trim_start().len();
        ends.push(next as u64);
    }
    ends.sort_unstable();
    ends.dedup();
    ends
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
    use super::{every_strategy, recommend};
    use crate::domain::chunking::partial::Partial;
    use crate::domain::text::decoding::Decoding;

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
    fn what_suits_a_text_is_recommended() {
        let lines = (0..500).map(|n| format!("2026-11-23 12:{n:02} request {n} took {n} ms\n"));
        assert_eq!(recommended(&lines.collect::<String>()), "recursive");
        // No separator of the ladder but the space, and ends that only UAX #29 knows.
        let questions = "Was it so\u{203D} It was\u{203D} Did anybody see it\u{203D} ".repeat(100);
        assert_eq!(recommended(&questions), "sentence");
        assert_eq!(recommended(""), "recursive");
    }
}
