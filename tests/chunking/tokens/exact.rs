//! No chunk has more tokens than its limit when its text is counted alone.

use sluice::application::ports::tokenizers::Tokenizers as _;
use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::chunking::tokens::tokenizer::TokenizerId;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine};
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding};

use super::TOKENIZERS;
use super::documents::document;
use crate::world::documents::repeatable;
use crate::world::run::{Chunk, chunks, ingest, split};
use crate::world::sizes::tokens_of;
use crate::world::tokenizers::{FOLDER, TOKENIZERS as FOUND, loaded};

/// The documents for each tokenizer.
const DOCUMENTS: u64 = 10_000;
/// The documents of which each is also cut into messages and resumed.
const RESUMED_EACH: u64 = 5;

const KEEP_MARK: ByteOrderMark = ByteOrderMark::Keep;

#[test]
fn cl100k_counts_are_exact() {
    check_all(TOKENIZERS[0]);
}

#[test]
fn o200k_counts_are_exact() {
    check_all(TOKENIZERS[1]);
}

#[test]
fn word_piece_counts_are_exact() {
    check_all(TOKENIZERS[2]);
}

#[test]
fn unigram_counts_are_exact() {
    check_all(TOKENIZERS[3]);
}

#[test]
fn byte_level_counts_are_exact() {
    check_all(TOKENIZERS[4]);
}

#[test]
fn counts_across_words_are_exact() {
    check_all(TOKENIZERS[5]);
}

#[test]
fn sentence_piece_counts_are_exact() {
    check_all(TOKENIZERS[6]);
    check_all(TOKENIZERS[7]);
}

/// The library of SentencePiece has counted these lines.
#[test]
fn models_of_sentence_piece_count_as_their_library_does() {
    for kind in ["unigram", "bpe"] {
        let name = format!("sentence_piece_{kind}");
        let id = TokenizerId::new(&format!("{name}.model")).unwrap();
        let tokenizer = FOUND.find(&id).unwrap();
        let counts = std::fs::read_to_string(format!("{FOLDER}/{name}.counts.json")).unwrap();
        let counts: Vec<(String, usize)> = serde_json::from_str(&counts).unwrap();
        assert!(counts.len() > 100);
        for (line, expected) in counts {
            assert_eq!(tokenizer.count(&line), expected, "{name}: {line:?}");
        }
    }
}

/// Characters that a normalizer makes very long, after one that it leaves alone: a share of their tokens is less than a
/// character.
#[test]
fn the_least_limit_of_a_tokenizer_holds_for_its_widest_characters() {
    let text = "\u{1F600}\u{FDFA}\u{FDFA}\u{FDFA}a\u{1D15E}\u{AC01} ".repeat(20);
    for name in TOKENIZERS {
        let id = TokenizerId::new(name).unwrap();
        let least = FOUND.find(&id).unwrap().character_tokens_max();
        for strategy in Strategy::all() {
            for overlap in [0, least / 2] {
                let spec = Spec::new(Request {
                    strategy: Some(strategy.clone()),
                    measure: Measure::Tokens,
                    max_size: Some(least),
                    overlap,
                    tokenizer: Some(id.clone()),
                    ..Request::default()
                });
                check(&spec.unwrap(), &text, 0);
            }
        }
    }
}

fn check_all(tokenizer: &str) {
    let mut all = 0;
    for number in 0..DOCUMENTS {
        let text = document(number);
        let spec = spec(tokenizer, number);
        all += check(&spec, &text, number);
        if number % RESUMED_EACH == 0 && !text.is_empty() {
            check_resumes(&spec, &text, number);
        }
    }
    assert!(all > DOCUMENTS, "{all} chunks");
}

/// Returns a spec that measures in tokens, or has a limit in tokens beside another measure.
fn spec(tokenizer: &str, number: u64) -> Spec {
    let mut random = repeatable(number + 1);
    let max_size = 24 + random(100);
    let is_measured = random(4) > 0;
    let measure = if is_measured {
        Measure::Tokens
    } else {
        Measure::Characters
    };
    let levels = if is_measured && random(4) == 0 {
        Levels::new(vec![4 * max_size, max_size]).unwrap()
    } else {
        Levels::default()
    };
    let strategies = Strategy::all();
    Spec::new(Request {
        strategy: Some(strategies[random(strategies.len())].clone()),
        measure,
        max_size: Some(if is_measured { max_size } else { 3 * max_size }),
        overlap: [0, max_size / 4][random(2)],
        max_tokens: (!is_measured).then_some(max_size),
        reserve_tokens: [0, 2][random(2)],
        tokenizer: Some(TokenizerId::new(tokenizer).unwrap()),
        packing: Packing::ALL[random(2)],
        levels,
        ..Request::default()
    })
    .unwrap()
}

fn check(spec: &Spec, text: &str, number: u64) -> u64 {
    let found = chunks(spec, text);
    let most = spec.limits().chunk_tokens_max().unwrap();
    let mut covered = 0;
    let mut joined = String::new();
    for Chunk {
        span,
        text: own,
        tokens,
        ..
    } in &found
    {
        let counted = tokens_of(spec, own);
        assert!(
            counted <= most,
            "{counted} tokens in document {number}: {spec}"
        );
        assert_eq!(
            tokens.map(usize::try_from),
            Some(Ok(counted)),
            "document {number}: {spec}"
        );
        let start = usize::try_from(span.start.byte).unwrap();
        let shared = &text[start..covered.max(start)];
        if spec.limits().measure() == Measure::Tokens && !shared.is_empty() {
            let counted = tokens_of(spec, shared);
            assert!(
                counted <= spec.limits().overlap(),
                "overlap in document {number}: {spec}"
            );
        }
        joined.push_str(&own[shared.len()..]);
        covered = usize::try_from(span.end.byte).unwrap();
        assert_eq!(&text[start..covered], own, "document {number}: {spec}");
    }
    assert!(joined == text, "document {number}: {spec}");
    found.len() as u64
}

/// Checks that messages of any length and a stop at any chunk give the same chunks.
fn check_resumes(spec: &Spec, text: &str, number: u64) {
    let decoding = Decoding {
        byte_order_mark: KEEP_MARK,
        ..Decoding::default()
    };
    let source = text.as_bytes();
    let mut random = repeatable(number + 2);
    let whole = split(spec, decoding, [source]);
    let pieces = source.chunks(1 + random(200));
    assert!(
        split(spec, decoding, pieces) == whole,
        "document {number} in pieces: {spec}"
    );
    let spec = &loaded(spec);
    let start = || Engine::new(spec, decoding, BATCH_BYTES_MIN);
    let all = ingest(&mut start(), source, source.len(), || false, usize::MAX);
    let flushed = ingest(&mut start(), source, 1 + random(300), || true, usize::MAX);
    assert!(
        flushed.rows == all.rows,
        "document {number} with flushes: {spec}"
    );
    let stop = &flushed.checkpoints[random(flushed.checkpoints.len())];
    let committed = usize::try_from(stop.place.position.source).unwrap();
    let mut engine = Engine::resume(spec, decoding, BATCH_BYTES_MIN, stop).unwrap();
    let rest = ingest(&mut engine, &source[committed..], 100, || false, usize::MAX);
    let before = usize::try_from(stop.next_ordinal).unwrap();
    assert!(
        rest.rows == all.rows[before..],
        "document {number} from {committed}: {spec}"
    );
    assert!(
        rest.parents == all.parents[before..],
        "document {number} from {committed}: {spec}"
    );
}
