//! Chunking throughput against memcpy, an ideal splitter and memchunk, in one interleaved run.
//!
//! `cargo bench --bench chunking` prints medians and ratios. `benches/README.md` has the last results and explains
//! them.

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::separator_levels::SeparatorLevels;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, Engine, Step};
use sluice::domain::text::encoding::decoding::Decoding;

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 7;
/// The size of the pieces in which a document arrives: the buffer of a file or of a gRPC message.
const PIECE_BYTES: usize = 64 * 1024;
const SIZE: usize = 1_000;

type Job = Box<dyn Fn(&str) -> usize>;

const GIGABYTE: usize = 1_000_000_000;
/// The part of the input on which the jobs are compared.
const COMPARED_BYTES: usize = 100_000_000;

fn main() {
    let text = sample();
    let compared = &text[..text.floor_char_boundary(COMPARED_BYTES)];
    println!(
        "{:.1} MB of text; medians of {ROUNDS} interleaved rounds",
        mb(compared.len())
    );
    compare(compared, &jobs());
    println!();
    compare_sizes(&text, &[100_000, 10_000_000, text.len()]);
    println!();
    for strategy in Strategy::all() {
        let (name, mib) = (strategy.name(), peak_mib(strategy.name(), &text));
        println!("sluice chunk --strategy {name:<9} on 1 GB: peak RSS {mib:.1} MiB");
    }
}

/// Returns the kernel's peak of the program's memory, in MiB, while a gigabyte streams through it.
fn peak_mib(strategy: &str, text: &str) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["chunk", "--strategy", strategy])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("it was asked for");
    let mut sent = 0;
    while sent < GIGABYTE {
        let piece = &text.as_bytes()[..text.len().min(GIGABYTE - sent)];
        let piece = &piece[..text.floor_char_boundary(piece.len())];
        if piece.is_empty() {
            break;
        }
        input.write_all(piece).expect("it reads");
        sent += piece.len();
    }
    // The peak never falls, and only the last chunk is left to do.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    drop(input);
    assert!(child.wait().expect("it ends").success());
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux");
    let kib = line
        .trim()
        .trim_end_matches(" kB")
        .parse::<f64>()
        .expect("a number");
    kib / 1024.0
}

fn jobs() -> Vec<(String, Job)> {
    let mut jobs: Vec<(String, Job)> = vec![
        (
            "memcpy".to_owned(),
            Box::new(|text| black_box(text.to_owned()).len()),
        ),
        (
            "ideal splitter, 1,000 characters".to_owned(),
            Box::new(ideal),
        ),
        (
            "memchunk 0.4, 1,000 bytes, copied out".to_owned(),
            Box::new(memchunk_copied),
        ),
    ];
    for strategy in Strategy::all() {
        for packing in Packing::ALL {
            let name = format!("{}, {}", strategy.name(), packing.name());
            let request = Request {
                strategy: Some(strategy.clone()),
                packing,
                ..Request::default()
            };
            jobs.push((name, split(Spec::new(request).expect("within bounds"))));
        }
    }
    for measure in [Measure::Bytes, Measure::Words] {
        let request = Request {
            measure,
            ..Request::default()
        };
        let name = format!("recursive, stable, {}", measure.name());
        jobs.push((name, split(Spec::new(request).expect("within bounds"))));
    }
    let overlapping = Request {
        overlap: SIZE / 5,
        ..Request::default()
    };
    let name = "recursive, stable, overlap 200".to_owned();
    jobs.push((name, split(Spec::new(overlapping).expect("within bounds"))));
    let latin = Request {
        strategy: Some(Strategy::Recursive(SeparatorLevels::latin())),
        ..Request::default()
    };
    let name = "recursive, stable, latin ladder".to_owned();
    jobs.push((name, split(Spec::new(latin).expect("within bounds"))));
    let name = "ingest engine: recursive, text and digests".to_owned();
    jobs.push((name, Box::new(|text| ingest(&Spec::default(), text))));
    for sizes in [vec![], vec![2_048, 512, 128]] {
        let levels = Levels::new(sizes).expect("within bounds");
        let levels_named = levels.sizes().len().max(1);
        let request = Request {
            max_size: Some(128),
            levels,
            ..Request::default()
        };
        let spec = Spec::new(request).expect("within bounds");
        let name = format!("ingest engine: recursive of 128, levels: {levels_named}");
        jobs.push((name, Box::new(move |text| ingest(&spec, text))));
    }
    jobs
}

fn compare(text: &str, jobs: &[(String, Job)]) {
    let mut rates = vec![Vec::new(); jobs.len()];
    let mut counts = vec![0; jobs.len()];
    for _ in 0..ROUNDS {
        for (index, (_, job)) in jobs.iter().enumerate() {
            let begun = Instant::now();
            counts[index] = job(text);
            rates[index].push(mb(text.len()) / begun.elapsed().as_secs_f64());
        }
    }
    let medians = rates.into_iter().map(median).collect::<Vec<_>>();
    println!(
        "{:<46} {:>8} {:>9} {:>10} {:>9}",
        "job", "MB/s", "of ideal", "of memchunk", "result"
    );
    for (((name, _), rate), count) in jobs.iter().zip(&medians).zip(counts) {
        let (ideal, memchunk) = (rate / medians[1], rate / medians[2]);
        println!("{name:<46} {rate:>8.0} {ideal:>9.2} {memchunk:>11.2} {count:>9}");
    }
}

/// Compares the same text as many small documents, as some large ones, and as one.
fn compare_sizes(text: &str, sizes: &[usize]) {
    let job = split(Spec::default());
    let mut rates = vec![Vec::new(); sizes.len()];
    for _ in 0..ROUNDS {
        for (rates, size) in rates.iter_mut().zip(sizes) {
            let begun = Instant::now();
            let mut rest = text;
            while !rest.is_empty() {
                let (document, others) = rest.split_at(rest.floor_char_boundary(*size));
                black_box(job(document));
                rest = others;
            }
            rates.push(mb(text.len()) / begun.elapsed().as_secs_f64());
        }
    }
    for (size, rates) in sizes.iter().zip(rates) {
        let (size, rate) = (mb(*size), median(rates));
        println!("recursive, documents of {size:>7.1} MB: {rate:>6.0} MB/s");
    }
}

/// Returns a job that computes offsets only, fed as a file is read.
fn split(spec: Spec) -> Job {
    let spec = loaded(spec);
    Box::new(move |text| {
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
    })
}

fn loaded(spec: Spec) -> LoadedSpec {
    LoadedSpec::new(spec, None).expect("nothing is measured in tokens")
}

fn drain(splitter: &mut Splitter) -> usize {
    let mut chunks = 0;
    while let Some(cut) = splitter.next_chunk().expect("the sample is UTF-8") {
        black_box(cut.span);
        chunks += 1;
    }
    chunks
}

/// Makes batches with text and digests, as they are stored.
fn ingest(spec: &Spec, text: &str) -> usize {
    let spec = loaded(spec.clone());
    let mut engine = Engine::new(&spec, Decoding::default(), BATCH_BYTES_MAX);
    let mut rest = text.as_bytes();
    let mut chunks = 0;
    loop {
        match engine.step().expect("the sample is UTF-8") {
            Step::Feed if rest.is_empty() => engine.finish(),
            Step::Feed => rest = &rest[engine.feed(&rest[..rest.len().min(PIECE_BYTES)])..],
            Step::Store(batch) => chunks += black_box(batch.digested()).chunks.len(),
            Step::Done(_) => return chunks,
        }
    }
}

/// An ideal splitter: the whole text in memory, one pass, positions in bytes only, no graphemes. It searches from
/// each limit back to the nearest paragraph, line, sentence or space.
fn ideal(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut start, mut chunks) = (0, 0);
    while start < bytes.len() {
        let limit = characters_ahead(&bytes[start..], SIZE);
        let window = &bytes[start..start + limit];
        let end = if start + limit == bytes.len() {
            limit
        } else {
            last_separator(window)
        };
        black_box((start, start + end));
        (start, chunks) = (start + end, chunks + 1);
    }
    chunks
}

fn characters_ahead(bytes: &[u8], characters: usize) -> usize {
    let mut end = characters.min(bytes.len());
    loop {
        let missing = characters - bytecount::num_chars(&bytes[..end]);
        if missing == 0 || end == bytes.len() {
            break;
        }
        end = (end + missing).min(bytes.len());
    }
    while end < bytes.len() && bytes[end] & 0xC0 == 0x80 {
        end += 1;
    }
    end
}

fn last_separator(window: &[u8]) -> usize {
    let found = memchr::memmem::rfind(window, b"\n\n").map(|at| at + 2);
    let found = found.or_else(|| memchr::memrchr(b'\n', window).map(|at| at + 1));
    let found = found.or_else(|| memchr::memmem::rfind(window, b". ").map(|at| at + 2));
    let found = found.or_else(|| memchr::memrchr(b' ', window).map(|at| at + 1));
    found.unwrap_or(window.len())
}

fn memchunk_copied(text: &str) -> usize {
    let chunks = memchunk::chunk(text.as_bytes()).size(SIZE);
    chunks.fold(0, |count, chunk| {
        black_box(chunk.to_vec());
        count + 1
    })
}

/// Returns the file that the first argument without a hyphen names, or the tests' corpus repeated.
fn sample() -> String {
    let named = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    named.map_or_else(corpus, |path| {
        fs::read_to_string(path).expect("a readable UTF-8 file")
    })
}

fn corpus() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let paths = fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("a file").path());
    let mut paths = paths
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect::<Vec<_>>();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("UTF-8"));
    let once = texts.collect::<String>();
    once.repeat(100_000_000 / once.len())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
