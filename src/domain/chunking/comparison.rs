//! Compares the chunks of a text by several specs, and recommends one of the specs.

use crate::domain::chunking::cut::Cut;
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::conflict::Conflict;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::chunking::strategy::Kind;
use crate::domain::text::encoding::decoding::{Decoding, Fault};
use crate::domain::text::position::{Position, Span};
use crate::domain::text::reading::place;

/// The chunks of a text by one spec, in numbers.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The spec.
    pub spec: Spec,
    /// The chunks of the finest level.
    pub chunks: Statistics,
    /// The parents of each level, coarse to fine.
    pub parents: Vec<Statistics>,
    /// The number of bytes that are in two chunks of the finest level.
    pub repeated_bytes: u64,
}

/// The chunks of a level, in numbers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// The number of chunks.
    pub count: u64,
    /// The length of the smallest chunk, in characters.
    pub characters_min: u64,
    /// The sum of the lengths of all chunks, in characters.
    pub characters: u64,
    /// The length of the largest chunk, in characters.
    pub characters_max: u64,
    /// The number of chunks that end at the end of a sentence or a line.
    pub clean_ends: u64,
}

impl Statistics {
    fn add(&mut self, span: Span, is_clean: bool) {
        let characters = span.end.character - span.start.character;
        self.characters_min = match self.count {
            0 => characters,
            _ => self.characters_min.min(characters),
        };
        self.characters_max = self.characters_max.max(characters);
        self.characters += characters;
        self.count += 1;
        self.clean_ends += u64::from(is_clean);
    }
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
    specs: Vec<LoadedSpec>,
    decoding: Decoding,
    content: &[u8],
) -> Result<Vec<Comparison>, Fault> {
    let text = text(decoding, content)?;
    let compared = specs
        .into_iter()
        .map(|spec| counted(&spec, decoding, content, &text));
    compared.collect()
}

/// Cuts a text by a spec.
fn counted(
    spec: &LoadedSpec,
    decoding: Decoding,
    content: &[u8],
    text: &str,
) -> Result<Comparison, Fault> {
    let splitter = Splitter::new(spec.chunker(), decoding);
    let spec = spec.spec().clone();
    let levels = spec.parents().len();
    let mut starts = vec![Position::default(); levels];
    let mut comparison = Comparison {
        spec,
        chunks: Statistics::default(),
        parents: vec![Statistics::default(); levels],
        repeated_bytes: 0,
    };
    let mut covered = 0;
    each(splitter, content, |cut| {
        let Span { start, end } = cut.span;
        let is_clean = is_clean(text, end.byte);
        comparison.chunks.add(cut.span, is_clean);
        comparison.repeated_bytes += covered - start.byte.min(covered);
        covered = end.byte;
        starts[levels - cut.begun..].fill(start);
        let ended = comparison.parents.iter_mut().zip(&starts);
        for (level, start) in ended.skip(levels - cut.ended) {
            let start = *start;
            level.add(Span { start, end }, is_clean);
        }
    })?;
    Ok(comparison)
}

/// Returns a spec for every strategy, with the fields of `chunking` that apply to it. The cheapest is last, so it is
/// recommended only if it is better than the others. If `chunking` asks for `hierarchical`, each has its levels.
///
/// # Errors
///
/// Fails if a strategy does not allow those sizes.
pub fn every_strategy(chunking: &Partial) -> Result<Vec<Spec>, Conflict> {
    let is_hierarchical = chunking.strategy == Some(Kind::Hierarchical);
    let levels = if is_hierarchical {
        Some(chunking.over(&Partial::default())?.levels())
    } else {
        chunking.levels.clone()
    };
    let specs = [Kind::Recursive, Kind::Sentence, Kind::Markdown, Kind::Fixed].map(|kind| {
        let separators = chunking.separators.clone();
        let of_kind = Partial {
            strategy: Some(kind),
            separators: separators.filter(|_| kind == Kind::Recursive),
            levels: levels.clone(),
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
    specs: Vec<LoadedSpec>,
    decoding: Decoding,
    content: &[u8],
) -> Result<Recommendation, Fault> {
    let comparisons = compare(specs, decoding, content)?;
    let mut best = &comparisons[0];
    for other in &comparisons {
        // a/b > c/d without a division.
        let (of_other, of_best) = (other.chunks, best.chunks);
        if of_other.clean_ends * of_best.count > of_best.clean_ends * of_other.count {
            best = other;
        }
    }
    let said = comparisons.iter().map(|comparison| {
        let name = comparison.spec.strategy().name();
        let chunks = comparison.chunks;
        format!("{name} {} of {}", chunks.clean_ends, chunks.count)
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
///
/// # Errors
///
/// Fails at a fault that the decoding policy rejects.
pub fn text(decoding: Decoding, content: &[u8]) -> Result<String, Fault> {
    let mut text = String::new();
    let splitter = Splitter::new(LoadedSpec::default().chunker(), decoding);
    each(splitter, content, |cut| text.push_str(cut.text))?;
    Ok(text)
}

/// Whether a chunk that ends at `byte` ends where a reader would cut: after a sentence, after a line that is not
/// wrapped, or at the end of the text.
fn is_clean(text: &str, byte: u64) -> bool {
    usize::try_from(byte).is_ok_and(|at| at == text.len() || place::is_clean(text, at))
}

/// Calls `seen` with every chunk of a source.
///
/// # Errors
///
/// Fails at a fault that the decoding policy rejects.
pub fn each(
    mut splitter: Splitter,
    content: &[u8],
    mut seen: impl FnMut(&Cut<'_>),
) -> Result<(), Fault> {
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
    use super::{compare, every_strategy, is_clean, recommend};
    use crate::domain::chunking::loaded_spec::LoadedSpec;
    use crate::domain::chunking::spec::checked::Spec;
    use crate::domain::chunking::spec::partial::Partial;
    use crate::domain::chunking::strategy::Kind;
    use crate::domain::text::encoding::decoding::Decoding;

    fn loaded(specs: Vec<Spec>) -> Vec<LoadedSpec> {
        let loaded = specs.into_iter().map(|spec| LoadedSpec::new(spec, None));
        loaded.collect::<Result<_, _>>().unwrap()
    }

    fn recommended(text: &str) -> &'static str {
        let sizes = Partial {
            max_size: Some(200),
            ..Partial::default()
        };
        let specs = every_strategy(&sizes).unwrap();
        let recommendation = recommend(loaded(specs), Decoding::default(), text.as_bytes());
        recommendation.unwrap().spec.strategy().name()
    }

    #[test]
    fn parents_are_counted_by_level() {
        let text = "A sentence of five words. ".repeat(100);
        let hierarchical = Partial {
            strategy: Some(Kind::Hierarchical),
            ..Partial::default()
        };
        let specs = every_strategy(&hierarchical).unwrap();
        let compared = compare(loaded(specs), Decoding::default(), text.as_bytes()).unwrap();
        for comparison in compared {
            let [coarse, middle] = comparison.parents[..] else {
                panic!("{} has two levels of parents", comparison.spec);
            };
            for level in [coarse, middle, comparison.chunks] {
                assert_eq!(level.characters, 2_600, "{}", comparison.spec);
            }
            assert_eq!((coarse.count, middle.characters_max <= 512), (2, true));
            assert!((6..=11).contains(&middle.count) && comparison.chunks.count > 20);
            assert!(middle.clean_ends <= middle.count && coarse.characters_min > 0);
        }
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
