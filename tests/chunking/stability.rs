//! After an edit the chunks soon are the same again: `packing = stable`.

use std::collections::HashSet;

use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::world::documents::{corpus, repeatable};
use crate::world::run::chunks;

const DOCUMENTS: u64 = 20;
const DOCUMENT_CHARACTERS: usize = 100_000;
const SENTENCE: &str = "This sentence was put in by somebody who had one more thing to say about it. ";

/// The share of chunks kept, in percent, and the mean fill.
#[derive(Debug)]
struct Stability {
    kept: f64,
    fill: f64,
}

#[test]
fn a_sentence_put_in_changes_at_most_one_chunk_in_fifty() {
    for strategy in [Strategy::all()[1].clone(), Strategy::Sentence] {
        let stability = measure(&strategy, Packing::Stable, 0);
        assert!(stability.kept >= 98.0, "{} {stability:?}", strategy.name());
        assert!(stability.fill >= 0.7, "{} {stability:?}", strategy.name());
    }
}

/// Nothing is promised here; the figures are for whoever runs this with `--no-capture`.
#[test]
#[expect(clippy::print_stdout, reason = "this test reports")]
fn what_full_packing_and_overlap_cost_is_reported() {
    for strategy in Strategy::all() {
        for (packing, overlap) in [(Packing::Stable, 0), (Packing::Stable, 200), (Packing::Full, 0), (Packing::Full, 200)] {
            let Stability { kept, fill } = measure(&strategy, packing, overlap);
            println!("{:<9} {:<6} overlap {overlap:>3}: kept {kept:5.1} %, fill {fill:.2}", strategy.name(), packing.name());
            assert!(kept > 0.0 && fill > 0.5);
        }
    }
}

fn measure(strategy: &Strategy, packing: Packing, overlap: usize) -> Stability {
    let strategy = Some(strategy.clone());
    let spec = Spec::new(Request { strategy, packing, overlap, ..Request::default() }).unwrap();
    let (mut kept, mut total, mut characters) = (0, 0, 0);
    for (document, at) in documents() {
        let before = chunks(&spec, &document);
        let known = before.iter().map(|chunk| chunk.text.as_str()).collect::<HashSet<_>>();
        let edited = format!("{}{SENTENCE}{}", &document[..at], &document[at..]);
        let after = chunks(&spec, &edited);
        total += after.len();
        kept += after.iter().filter(|chunk| known.contains(chunk.text.as_str())).count();
        characters += after.iter().map(|chunk| chunk.text.chars().count()).sum::<usize>();
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (kept, total, characters) = (kept as f64, total as f64, characters as f64);
    Stability { kept: 100.0 * kept / total, fill: characters / total / 1_000.0 }
}

/// Twenty documents of real paragraphs in four languages, none twice in one document, and a place
/// between two sentences of each.
fn documents() -> Vec<(String, usize)> {
    let texts = ["latin-english", "latin-vietnamese", "cyrillic-russian", "greek"];
    let texts = corpus().into_iter().filter(|document| texts.contains(&document.name.as_str()));
    let texts = texts.map(|document| document.text).collect::<Vec<_>>();
    let paragraphs = texts.iter().flat_map(|text| text.split("\n\n")).collect::<Vec<_>>();
    (0..DOCUMENTS).map(|seed| document(&paragraphs, seed)).collect()
}

fn document(paragraphs: &[&str], seed: u64) -> (String, usize) {
    let mut random = repeatable(seed + 1);
    let mut text = String::new();
    while text.chars().count() < DOCUMENT_CHARACTERS {
        // Sentences in a new order, so that no long stretch of text repeats.
        for _ in 0..=random(6) {
            let sentences = paragraphs[random(paragraphs.len())].split_inclusive(". ").collect::<Vec<_>>();
            text.push_str(sentences[random(sentences.len())].trim_end());
            text.push_str(if text.ends_with('.') { " " } else { ". " });
        }
        text.push_str("\n\n");
    }
    let ends = text.match_indices(". ").map(|(at, _)| at + 2).collect::<Vec<_>>();
    let at = ends[random(ends.len())];
    (text, at)
}
