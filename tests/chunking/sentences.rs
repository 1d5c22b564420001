//! Chunks end where readers see the end of a sentence: a table of sentences in many languages, one file per language.
//!
//! A line of a file is a passage, and `¦` marks the end of each sentence in it. The tests measure the share of cuts
//! that look like the end of a sentence but are not.

use std::fs;
use std::path::Path;

use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::{Kind, Strategy};

use crate::world::run::chunks;

const END: char = '\u{A6}';
const SIZES: [usize; 8] = [24, 32, 48, 64, 96, 128, 192, 256];
const LANGUAGES_MIN: usize = 20;
const PASSAGES_MIN: usize = 15;
/// The highest share of cuts that may mislead a reader, in percent.
const FALSE_PERCENT_MAX: usize = 1;

/// The passages of a language in one text, and the offsets where its sentences end.
struct Language {
    name: String,
    text: String,
    ends: Vec<usize>,
}

fn languages() -> Vec<Language> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chunking/sentences");
    let mut paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>();
    paths.sort();
    assert!(paths.len() >= LANGUAGES_MIN);
    paths.iter().map(|path| Language::read(path)).collect()
}

impl Language {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let file = fs::read_to_string(path).unwrap();
        assert!(file.lines().count() >= PASSAGES_MIN, "{name}");
        let (mut text, mut ends) = (String::new(), Vec::new());
        for passage in file.lines() {
            for sentence in passage.split(END) {
                text.push_str(sentence);
                ends.push(text.len());
            }
            text.push(' ');
            *ends.last_mut().unwrap() += 1;
        }
        Self { name, text, ends }
    }
}

/// Whether a text ends like a sentence: with a mark, apart from closing signs.
fn looks_ended(text: &str) -> bool {
    let mut text = text.trim_end();
    if let Some((before, reference)) = text.rsplit_once('[')
        && reference.ends_with(']')
    {
        text = before;
    }
    let closing = "\"')]}\u{BB}\u{201C}\u{201D}\u{2019}\u{300D}\u{300F}\u{FF09}\u{B9}\u{B2} \u{A0}";
    let text = text.trim_end_matches(|one| closing.contains(one));
    text.ends_with(|one| ".!?\u{2026}\u{3002}\u{FF01}\u{FF1F}\u{964}\u{965}\u{61F}".contains(one))
}

#[test]
#[expect(clippy::print_stdout, reason = "this test reports")]
fn at_most_one_cut_in_a_hundred_looks_like_a_sentence_end_but_is_not() {
    let languages = languages();
    for kind in [Kind::Recursive, Kind::Sentence] {
        for packing in Packing::ALL {
            let (mut cuts, mut misleading) = (0, Vec::new());
            for size in SIZES {
                let spec = spec(kind, packing, size);
                for language in &languages {
                    let (all, bad) = judge(&spec, language);
                    cuts += all;
                    misleading.extend(
                        bad.into_iter()
                            .map(|bad| format!("{size} {}: {bad}", language.name)),
                    );
                }
            }
            println!(
                "{kind:?} {}: {} of {cuts} cuts mislead",
                packing.name(),
                misleading.len()
            );
            assert!(
                misleading.len() * 100 <= cuts * FALSE_PERCENT_MAX,
                "{kind:?}: {} of {cuts}:\n{}",
                misleading.len(),
                misleading.join("\n")
            );
        }
    }
}

/// Where several sentences fit into a chunk, at least nine of ten chunks end with one.
#[test]
fn chunks_of_several_sentences_end_with_one() {
    for language in languages() {
        for kind in [Kind::Recursive, Kind::Sentence] {
            let spec = spec(kind, Packing::Stable, 256);
            let chunks = chunks(&spec, &language.text);
            let (_, chunks) = chunks.split_last().unwrap();
            let ended = chunks.iter().filter(|chunk| {
                language
                    .ends
                    .binary_search(&usize::try_from(chunk.span.end.byte).unwrap())
                    .is_ok()
            });
            let ended = ended.count();
            assert!(
                ended * 10 >= chunks.len() * 9,
                "{} {kind:?}: {ended} of {}",
                language.name,
                chunks.len()
            );
        }
    }
}

fn spec(kind: Kind, packing: Packing, size: usize) -> Spec {
    let request = Request {
        strategy: Some(Strategy::of(kind)),
        max_size: Some(size),
        packing,
        ..Request::default()
    };
    Spec::new(request).unwrap()
}

/// Returns the number of cuts, and the misleading ones.
fn judge(spec: &Spec, language: &Language) -> (usize, Vec<String>) {
    let chunks = chunks(spec, &language.text);
    let (_, chunks) = chunks.split_last().unwrap();
    let misleads = |end: usize| {
        let is_end = language.ends.binary_search(&end).is_ok();
        !is_end && looks_ended(&language.text[..end])
    };
    let bad = chunks.iter().filter_map(|chunk| {
        let end = usize::try_from(chunk.span.end.byte).unwrap();
        let after = language.text[end..].chars().take(20).collect::<String>();
        misleads(end).then(|| format!("{}\u{A6}{after}", chunk.text))
    });
    (chunks.len(), bad.collect())
}
