//! Chunking in tokens against a plain pass of the same tokenizer, in one interleaved run.
//!
//! `cargo bench --bench tokens -- FILE` prints medians and ratios. `benches/README.md` has the last results.

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use sluice::application::ports::tokenizers::Tokenizers as _;
use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::infrastructure::tokenizers::folder::TokenizerFolder;

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 5;
/// The bytes of text: slow tokenizers take a second for as many.
const TEXT_BYTES: usize = 4_000_000;
/// The bytes of a paragraph or so, which a plain pass counts at once.
const PLAIN_BYTES: usize = 2_000;
const PIECE_BYTES: usize = 64 * 1024;
const SIZE: usize = 512;
/// The files that `scripts/setup` makes.
const FOLDER: &str = "target/tools/tokenizers";

fn main() {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let file = file.expect("name a file of text");
    let text = std::fs::read_to_string(file).expect("the file is text");
    let text = &text[..text.floor_char_boundary(TEXT_BYTES)];
    let tokenizers = TokenizerFolder::open(Path::new(FOLDER)).expect("scripts/setup makes it");
    println!("chunks of up to {SIZE} tokens; MB/s, and parts of a plain pass");
    println!("tokenizer           plain  token        recursive    sentence     markdown");
    for name in [
        "cl100k_base",
        "o200k_base",
        "word_piece.json",
        "unigram.json",
        "byte_level.json",
        "crossing.json",
    ] {
        let id = TokenizerId::new(name).expect("a plain name");
        let tokenizer = tokenizers.find(&id).expect("it was made");
        println!("{}", row(&id, &tokenizer, text));
    }
}

/// Measures the strategies and a plain pass by turns.
fn row(id: &TokenizerId, tokenizer: &SharedTokenizer, text: &str) -> String {
    let strategies = [
        Strategy::all()[0].clone(),
        Strategy::all()[1].clone(),
        Strategy::all()[2].clone(),
        Strategy::all()[3].clone(),
    ];
    let specs = strategies.map(|strategy| spec(strategy, id, tokenizer));
    let mut seconds = vec![Vec::new(); 1 + specs.len()];
    for _ in 0..ROUNDS {
        seconds[0].push(timed(|| plain(tokenizer, text)));
        for (at, spec) in specs.iter().enumerate() {
            seconds[1 + at].push(timed(|| split(spec, text)));
        }
    }
    let medians = seconds.iter_mut().map(|all| {
        all.sort_by(f64::total_cmp);
        all[ROUNDS / 2]
    });
    let medians = medians.collect::<Vec<_>>();
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    let megabytes = text.len() as f64 / 1e6;
    let jobs = medians[1..].iter().map(|seconds| {
        let rate = megabytes / seconds;
        format!("{rate:>5.1} ({:.2})", medians[0] / seconds)
    });
    let jobs = jobs.collect::<Vec<_>>().join("  ");
    format!("{:<18} {:>6.1}  {jobs}", id.name(), megabytes / medians[0])
}

fn spec(strategy: Strategy, id: &TokenizerId, tokenizer: &SharedTokenizer) -> LoadedSpec {
    let request = Request {
        strategy: Some(strategy),
        measure: Measure::Tokens,
        max_size: Some(SIZE),
        tokenizer: Some(id.clone()),
        ..Request::default()
    };
    let spec = Spec::new(request).expect("within bounds");
    LoadedSpec::new(spec, Some(SharedTokenizer::clone(tokenizer))).expect("it suits")
}

fn timed(job: impl FnOnce() -> usize) -> f64 {
    let since = Instant::now();
    black_box(job());
    since.elapsed().as_secs_f64()
}

/// Counts each paragraph or so once.
fn plain(tokenizer: &SharedTokenizer, text: &str) -> usize {
    let mut rest = text;
    let mut tokens = 0;
    while !rest.is_empty() {
        let (paragraph, after) = rest.split_at(rest.floor_char_boundary(PLAIN_BYTES));
        tokens += tokenizer.count(paragraph);
        rest = after;
    }
    tokens
}

fn split(spec: &LoadedSpec, text: &str) -> usize {
    let mut splitter = Splitter::new(spec.chunker(), Decoding::default());
    let mut chunks = 0;
    for mut piece in text.as_bytes().chunks(PIECE_BYTES) {
        while !piece.is_empty() {
            piece = &piece[splitter.feed(piece)..];
            chunks += drain(&mut splitter);
        }
    }
    splitter.finish();
    chunks + drain(&mut splitter)
}

fn drain(splitter: &mut Splitter) -> usize {
    let mut chunks = 0;
    while let Some(cut) = splitter.next_chunk().expect("the sample is UTF-8") {
        black_box(cut.tokens);
        chunks += 1;
    }
    chunks
}
