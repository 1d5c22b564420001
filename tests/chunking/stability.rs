//! After an edit, the chunks are soon the same again, with `packing = stable`.

use std::collections::HashSet;

use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::world::documents::{corpus, repeatable};
use crate::world::run::chunks;

const DOCUMENTS: usize = 20;
const DOCUMENT_CHARACTERS: usize = 100_000;
const SENTENCE: &str =
    "This sentence was put in by somebody who had one more thing to say about it. ";

/// The share of chunks kept, in percent, and the mean fill.
#[derive(Debug)]
pub(crate) struct Stability {
    pub(crate) kept: f64,
    pub(crate) fill: f64,
}

/// A document, and the offset between two sentences where another one is inserted.
pub(crate) type Edit = (String, usize);

#[test]
fn an_inserted_sentence_changes_at_most_one_chunk_in_fifty() {
    check(&shuffled());
}

/// Checks stable packing without overlap. The figures for full packing and for overlap have no limit, and are printed
/// for a run with `--no-capture`.
#[expect(clippy::print_stdout, reason = "this test reports")]
pub(crate) fn check(edits: &[Edit]) {
    assert_eq!(edits.len(), DOCUMENTS);
    for strategy in Strategy::all() {
        for (packing, overlap) in [
            (Packing::Stable, 0),
            (Packing::Stable, 200),
            (Packing::Full, 0),
            (Packing::Full, 200),
        ] {
            let Stability { kept, fill } = measure(edits, &strategy, packing, overlap);
            let name = format!("{} {}, overlap {overlap}", strategy.name(), packing.name());
            println!("{name:<28} kept {kept:5.1} %, fill {fill:.2}");
            if strategy != Strategy::Fixed && packing == Packing::Stable && overlap == 0 {
                assert!(
                    kept >= 98.0 && fill >= 0.7,
                    "{name}: kept {kept} %, fill {fill}"
                );
            }
        }
    }
}

pub(crate) fn measure(
    edits: &[Edit],
    strategy: &Strategy,
    packing: Packing,
    overlap: usize,
) -> Stability {
    let strategy = Some(strategy.clone());
    let spec = Spec::new(Request {
        strategy,
        packing,
        overlap,
        ..Request::default()
    })
    .unwrap();
    let (mut kept, mut total, mut characters) = (0, 0, 0);
    for (document, at) in edits {
        let before = chunks(&spec, document);
        let known = before
            .iter()
            .map(|chunk| chunk.text.as_str())
            .collect::<HashSet<_>>();
        let edited = format!("{}{SENTENCE}{}", &document[..*at], &document[*at..]);
        let after = chunks(&spec, &edited);
        total += after.len();
        kept += after
            .iter()
            .filter(|chunk| known.contains(chunk.text.as_str()))
            .count();
        characters += after
            .iter()
            .map(|chunk| chunk.text.chars().count())
            .sum::<usize>();
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (kept, total, characters) = (kept as f64, total as f64, characters as f64);
    Stability {
        kept: 100.0 * kept / total,
        fill: characters / total / 1_000.0,
    }
}

/// Cuts documents from a long text, at equal distances.
pub(crate) fn slices(text: &str) -> Vec<Edit> {
    let mut random = repeatable(11);
    let distance = text.len() / DOCUMENTS;
    let from = (0..DOCUMENTS).map(|number| text.ceil_char_boundary(number * distance));
    let slices = from.map(|from| text[from..].chars().take(DOCUMENT_CHARACTERS).collect());
    slices.map(|document| edit(document, &mut random)).collect()
}

fn edit(document: String, random: &mut impl FnMut(usize) -> usize) -> Edit {
    let ends = [". ", ".\n", "\u{3002}"]
        .iter()
        .flat_map(|end| document.match_indices(end));
    let ends = ends.map(|(at, end)| at + end.len()).collect::<Vec<_>>();
    let at = ends[random(ends.len())];
    (document, at)
}

/// Returns documents of real sentences in four languages, in a new order so that no passage repeats.
fn shuffled() -> Vec<Edit> {
    let texts = [
        "latin-english",
        "latin-vietnamese",
        "cyrillic-russian",
        "greek",
    ];
    let texts = corpus()
        .into_iter()
        .filter(|document| texts.contains(&document.name.as_str()));
    let texts = texts.map(|document| document.text).collect::<Vec<_>>();
    let paragraphs = texts
        .iter()
        .flat_map(|text| text.split("\n\n"))
        .collect::<Vec<_>>();
    (0..DOCUMENTS)
        .map(|seed| shuffle(&paragraphs, seed))
        .collect()
}

fn shuffle(paragraphs: &[&str], seed: usize) -> Edit {
    let mut random = repeatable(seed as u64 + 1);
    let mut text = String::new();
    while text.chars().count() < DOCUMENT_CHARACTERS {
        for _ in 0..=random(6) {
            let sentences = paragraphs[random(paragraphs.len())]
                .split_inclusive(". ")
                .collect::<Vec<_>>();
            text.push_str(sentences[random(sentences.len())].trim_end());
            text.push_str(if text.ends_with('.') { " " } else { ". " });
        }
        text.push_str("\n\n");
    }
    edit(text, &mut random)
}
