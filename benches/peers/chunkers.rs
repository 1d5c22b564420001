//! The chunkers that are written in Rust: Sluice, text-splitter, and the pass of pulldown-cmark, which only parses.
//! `run` builds this file outside of the workspace.
//!
//! - `chunkers spans NAME SIZE OVERLAP FILE` prints the chunks of the documents in FILE, see `judge.rs`.
//! - `chunkers judge SIZE FILE` reads such chunks of any chunker, and prints the counts of their faults.
//! - `chunkers rate NAME SIZE FILE BYTES` prints the megabytes a second and the peak memory in megabytes. The text is
//!   that of FILE, repeated until it has BYTES.

mod judge;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/chunking/markdown/ranges.rs"]
mod ranges;
mod text;

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, io};

use pulldown_cmark::Parser;
use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::chunking::strategy::{Kind, Strategy};
use sluice::domain::text::encoding::decoding::Decoding;
use text_splitter::{ChunkConfig, MarkdownSplitter, TextSplitter};

use crate::judge::{Chunk, SEPARATOR};
use crate::text::Text;

/// Short texts are cut again until this time has passed.
const TIME_MIN: Duration = Duration::from_millis(500);

/// Calls the function with each chunk.
type Job = Box<dyn Fn(&Text<'_>, &mut dyn FnMut(Chunk<'_>))>;

fn main() {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match arguments.as_slice() {
        ["spans", name, size, overlap, file] => {
            let job = job(name, number(size), number(overlap));
            print_spans(&job, &read(file));
        }
        ["judge", size, file] => {
            let lines = io::stdin().lines().map(|line| line.expect("UTF-8"));
            println!("{}", judge::counts(&read(file), number(size), lines));
        }
        ["rate", name, size, file, bytes] => {
            let text = read(file);
            let text = Text::repeated(&text, number(bytes));
            let is_streaming = Kind::from_name(name).is_some();
            let text = if is_streaming { text } else { text.joined() };
            println!("{} {}", rate(&job(name, number(size), 0), &text), peak());
        }
        _ => panic!("usage: chunkers spans|judge|rate …, see the source"),
    }
}

fn number(argument: &str) -> usize {
    argument.parse().expect("a number")
}

fn read(file: &str) -> String {
    fs::read_to_string(file).expect("a readable UTF-8 file")
}

fn print_spans(job: &Job, documents: &str) {
    for (number, document) in documents.split(SEPARATOR).enumerate() {
        let text = Text::repeated(document, document.len());
        job(&text, &mut |chunk| println!("{number} {chunk}"));
    }
}

fn job(name: &str, size: usize, overlap: usize) -> Job {
    if let Some(kind) = Kind::from_name(name) {
        return sluice(kind, size, overlap);
    }
    let config = ChunkConfig::new(size)
        .with_overlap(overlap)
        .expect("a smaller overlap");
    match name {
        "TextSplitter" => {
            let splitter = TextSplitter::new(config);
            Box::new(move |text, found| visit(splitter.chunk_indices(text.whole()), found))
        }
        "MarkdownSplitter" => {
            let splitter = MarkdownSplitter::new(config);
            Box::new(move |text, found| visit(splitter.chunk_indices(text.whole()), found))
        }
        "pulldown-cmark" => Box::new(|text, found| {
            for (_, range) in Parser::new_ext(text.whole(), ranges::options()).into_offset_iter() {
                found(Chunk::of(range.start, range.end));
            }
        }),
        _ => panic!("no chunker is called {name}"),
    }
}

fn visit<'a>(chunks: impl Iterator<Item = (usize, &'a str)>, found: &mut dyn FnMut(Chunk<'_>)) {
    for (start, chunk) in chunks {
        found(Chunk::of(start, start + chunk.len()));
    }
}

fn sluice(kind: Kind, size: usize, overlap: usize) -> Job {
    let request = Request {
        strategy: Some(Strategy::of(kind)),
        max_size: Some(size),
        overlap,
        ..Request::default()
    };
    let spec = Spec::new(request).expect("within bounds");
    let spec = LoadedSpec::new(spec, None).expect("nothing is measured in tokens");
    Box::new(move |text, found| {
        let mut splitter = Splitter::new(spec.chunker(), Decoding::default());
        for mut piece in text.pieces() {
            while !piece.is_empty() {
                piece = &piece[splitter.feed(piece)..];
                drain(&mut splitter, found);
            }
        }
        splitter.finish();
        drain(&mut splitter, found);
    })
}

fn drain(splitter: &mut Splitter, found: &mut dyn FnMut(Chunk<'_>)) {
    while let Some(cut) = splitter.next_chunk().expect("the text is UTF-8") {
        let offset = |byte: u64| usize::try_from(byte).expect("64 bits");
        found(Chunk {
            start: offset(cut.span.start.byte),
            end: offset(cut.span.end.byte),
            is_flagged: cut.structure.continues,
            introduction: &cut.structure.context().introduction,
        });
    }
}

/// Returns the megabytes a second.
fn rate(job: &Job, text: &Text<'_>) -> f64 {
    let begun = Instant::now();
    let mut bytes = 0;
    while begun.elapsed() < TIME_MIN {
        job(text, &mut |chunk| {
            black_box(chunk);
        });
        bytes += text.bytes();
    }
    bytes as f64 / 1e6 / begun.elapsed().as_secs_f64()
}

/// Returns the peak memory of this process in megabytes.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes.map_or(f64::NAN, |number| {
        number.parse::<f64>().expect("a number") * 1_024.0 / 1e6
    })
}
