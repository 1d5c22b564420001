//! The chunkers that are written in Rust: Sluice and text-splitter. `run` builds this file outside of the workspace.
//!
//! `chunkers spans NAME SIZE FILE` prints the byte offsets of all chunks, `chunkers rate NAME SIZE FILE BYTES` the
//! megabytes a second.

use std::env;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use sluice::domain::chunking::spec::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::chunking::strategy::{Kind, Strategy};
use sluice::domain::text::encoding::decoding::Decoding;
use text_splitter::{MarkdownSplitter, TextSplitter};

/// The size of the pieces in which Sluice receives a document, as in `benches/chunking.rs`.
const PIECE_BYTES: usize = 64 * 1024;
/// Short texts are cut again until this time has passed.
const TIME_MIN: Duration = Duration::from_millis(500);

/// Calls the function with the start and the end of each chunk.
type Job = Box<dyn Fn(&str, &mut dyn FnMut(usize, usize))>;

fn main() {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let [command, name, size, file, rest @ ..] = arguments.as_slice() else {
        panic!("usage: chunkers spans|rate NAME SIZE FILE [BYTES]");
    };
    let job = job(name, size.parse().expect("a size"));
    let text = fs::read_to_string(file).expect("a readable UTF-8 file");
    if command == "spans" {
        job(&text, &mut |start, end| println!("{start} {end}"));
        return;
    }
    let bytes = rest[0].parse().expect("a number of bytes");
    println!("{}", rate(&job, &text[..text.floor_char_boundary(bytes)]));
}

fn job(name: &str, size: usize) -> Job {
    match name {
        "recursive" => sluice(Kind::Recursive, size),
        "sentence" => sluice(Kind::Sentence, size),
        "TextSplitter" => {
            let splitter = TextSplitter::new(size);
            Box::new(move |text, found| visit(splitter.chunk_indices(text), found))
        }
        "MarkdownSplitter" => {
            let splitter = MarkdownSplitter::new(size);
            Box::new(move |text, found| visit(splitter.chunk_indices(text), found))
        }
        _ => panic!("no chunker is called {name}"),
    }
}

fn visit<'a>(chunks: impl Iterator<Item = (usize, &'a str)>, found: &mut dyn FnMut(usize, usize)) {
    for (start, chunk) in chunks {
        found(start, start + chunk.len());
    }
}

fn sluice(kind: Kind, size: usize) -> Job {
    let request = Request {
        strategy: Some(Strategy::of(kind)),
        max_size: Some(size),
        ..Request::default()
    };
    let spec = Spec::new(request).expect("within bounds");
    Box::new(move |text, found| {
        let mut splitter = Splitter::new(spec.chunker(), Decoding::default());
        for mut piece in text.as_bytes().chunks(PIECE_BYTES) {
            while !piece.is_empty() {
                piece = &piece[splitter.feed(piece)..];
                drain(&mut splitter, found);
            }
        }
        splitter.finish();
        drain(&mut splitter, found);
    })
}

fn drain(splitter: &mut Splitter, found: &mut dyn FnMut(usize, usize)) {
    while let Some(cut) = splitter.next_chunk().expect("the text is UTF-8") {
        let offset = |byte: u64| usize::try_from(byte).expect("the text is in memory");
        found(offset(cut.span.start.byte), offset(cut.span.end.byte));
    }
}

/// Returns the megabytes a second.
fn rate(job: &Job, text: &str) -> f64 {
    let (begun, mut bytes) = (Instant::now(), 0);
    while begun.elapsed() < TIME_MIN {
        job(text, &mut |start, end| {
            black_box((start, end));
        });
        bytes += text.len();
    }
    bytes as f64 / 1e6 / begun.elapsed().as_secs_f64()
}
