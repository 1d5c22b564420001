//! The bytes that a tokenizer counts for a document are bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sluice::application::ports::tokenizers::Tokenizers as _;
use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::chunking::tokens::split_rule::SplitRule;
use sluice::domain::chunking::tokens::tokenizer::{SharedTokenizer, Tokenizer, TokenizerId};
use sluice::domain::text::encoding::decoding::Decoding;

use super::TOKENIZERS;
use crate::world::documents::{Document, corpus};
use crate::world::tokenizers::TOKENIZERS as FOUND;

/// The passes over the text and the overlaps of real text: a text is counted, and at most two times its bytes again.
const PASSES_MAX: usize = 3;
/// The same of text without places where counts can be added.
const HOSTILE_PASSES_MAX: usize = 6;

/// Adds up the bytes that are counted.
#[derive(Debug)]
struct Watched {
    tokenizer: SharedTokenizer,
    bytes: AtomicUsize,
}

impl Tokenizer for Watched {
    fn id(&self) -> &TokenizerId {
        self.tokenizer.id()
    }

    fn count(&self, text: &str) -> usize {
        self.bytes.fetch_add(text.len(), Ordering::Relaxed);
        self.tokenizer.count(text)
    }

    fn split_rule(&self) -> SplitRule {
        self.tokenizer.split_rule()
    }

    fn character_tokens_max(&self) -> usize {
        self.tokenizer.character_tokens_max()
    }
}

/// Returns the bytes of text with overlaps, and those that were counted.
fn counted(tokenizer: &str, strategy: Strategy, overlap: usize, text: &str) -> (usize, usize) {
    let id = TokenizerId::new(tokenizer).unwrap();
    let watched = Arc::new(Watched {
        tokenizer: FOUND.find(&id).unwrap(),
        bytes: AtomicUsize::new(0),
    });
    let spec = Spec::new(Request {
        strategy: Some(strategy),
        measure: Measure::Tokens,
        max_size: Some(512),
        overlap,
        tokenizer: Some(id),
        ..Request::default()
    });
    let spec = LoadedSpec::new(spec.unwrap(), Some(Arc::clone(&watched) as _)).unwrap();
    let mut splitter = Splitter::new(spec.chunker(), Decoding::default());
    let mut rest = text.as_bytes();
    let mut bytes = 0;
    while !splitter.is_done() {
        while let Some(cut) = splitter.next_chunk().unwrap() {
            bytes += cut.text.len();
        }
        if rest.is_empty() {
            splitter.finish();
        } else {
            rest = &rest[splitter.feed(rest)..];
        }
    }
    (bytes, watched.bytes.load(Ordering::Relaxed))
}

#[test]
fn at_most_two_further_passes_are_counted() {
    let text = corpus().into_iter().map(|document| document.text);
    let text = text.collect::<String>();
    for tokenizer in TOKENIZERS {
        for strategy in Strategy::all() {
            for overlap in [0, 50] {
                let name = strategy.name();
                let (bytes, counted) = counted(tokenizer, strategy.clone(), overlap, &text);
                assert!(
                    counted <= PASSES_MAX * bytes,
                    "{tokenizer}, {name}, overlap {overlap}: {counted} bytes counted of {bytes}"
                );
            }
        }
    }
}

#[test]
fn hostile_text_is_counted_a_few_times() {
    const BYTES: usize = 1_000_000;
    let documents = [
        Document::new("one word", "x".repeat(BYTES)),
        Document::new("marks", format!("a{}", "\u{301}".repeat(BYTES / 2))),
        Document::new("spaces", " ".repeat(BYTES)),
        Document::new("line feeds", "\n".repeat(BYTES)),
        Document::new("letters and spaces", "a ".repeat(BYTES / 2)),
        Document::new("Thai", "\u{E01}\u{E32}".repeat(BYTES / 6)),
        Document::new("Han", "\u{6F22}\u{5B57}".repeat(BYTES / 6)),
    ];
    for tokenizer in TOKENIZERS {
        for Document { name, text } in &documents {
            let strategy = Strategy::all()[1].clone();
            let (bytes, counted) = counted(tokenizer, strategy, 50, text);
            assert!(
                counted <= HOSTILE_PASSES_MAX * bytes,
                "{tokenizer}, {name}: {counted} bytes counted of {bytes}"
            );
        }
    }
}
