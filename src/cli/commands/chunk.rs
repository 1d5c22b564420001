//! `sluice chunk`: documents in, chunks out, nothing stored.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::cli::output::{self, Chunks, DocumentsFailed, Format, WrongArguments};
use crate::cli::source::Source;
use crate::cli::sources::{self, Found};
use crate::cli::spec::{Chunking, Decoding};
use crate::domain::chunking::spec::Spec;
use crate::domain::ingest::batch::Gathered;
use crate::domain::ingest::machine::{BATCH_BYTES_MIN, Machine, Step};
use crate::domain::text::decoding;

/// Streams text through the engine and writes its chunks.
///
/// Memory stays flat whatever the size of the documents. Offsets count from 0: bytes, characters
/// and lines of the text, and bytes of the source as it is in the file. The charset of each document
/// is written to the standard error, unless it is the one that `--charset` names.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, pipes, `-` for the standard input, or folders [default: -]. Hidden files in folders and
    /// those that .gitignore or .ignore exclude are left out, and so are links.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    chunking: Chunking,
    #[command(flatten)]
    decoding: Decoding,
    /// How to write chunks: `json` is JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    output: Format,
    /// Leave out the chunks' text.
    #[arg(long)]
    no_text: bool,
}

/// How much of a document is read at once.
const READ_BYTES: usize = 64 * 1024;

/// Chunks every document. One that fails does not stop the others.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = arguments.chunking.spec().context(WrongArguments)?;
    let decoding = arguments.decoding.decoding().context(WrongArguments)?;
    let mut chunks = Chunks::new(arguments.output, !arguments.no_text)?;
    let mut outcome = DocumentsFailed { failed: 0, all: 0 };
    for found in sources::of(&arguments.paths) {
        let done = match found {
            Found::Source(source) => chunk(&source, &spec, decoding, &mut chunks)
                .map_err(|failure| failure.of(&source))
                .and_then(|()| chunks.flush().map_err(Failure::Output)),
            Found::Failed(why) => Err(Failure::Document(anyhow::anyhow!(why))),
            Found::Skipped(why) => {
                output::complain(&why);
                continue;
            }
        };
        outcome.all += 1;
        match done {
            Ok(()) => {}
            Err(Failure::Document(error)) => {
                outcome.failed += 1;
                output::complain(&format!("{error:#}"));
            }
            Err(Failure::Output(error)) if output::is_closed(&error) => break,
            Err(Failure::Output(error)) => return Err(error),
        }
    }
    if outcome.failed > 0 {
        Err(outcome.into())
    } else {
        Ok(())
    }
}

/// What went wrong, and so whether the next document can still be done.
enum Failure {
    Document(anyhow::Error),
    Output(anyhow::Error),
}

impl Failure {
    fn of(self, document: &Source) -> Self {
        match self {
            Self::Document(error) => Self::Document(error.context(document.name())),
            Self::Output(error) => Self::Output(error),
        }
    }
}

fn chunk(
    document: &Source,
    spec: &Spec,
    decoding: decoding::Decoding,
    chunks: &mut Chunks,
) -> Result<(), Failure> {
    let opened = document.open().map_err(Failure::Document)?;
    let (mut source, length) = (opened.bytes, opened.length);
    let name = document.name();
    let bar = output::progress(&name, length);
    let mut machine = Machine::new(spec, decoding, BATCH_BYTES_MIN);
    let mut buffer = vec![0; READ_BYTES];
    let (mut fed, mut read) = (0, 0);
    loop {
        let step = machine.step();
        match step.map_err(|fault| Failure::Document(with_remedy(fault)))? {
            Step::Feed if fed < read => fed += machine.feed(&buffer[fed..read]),
            Step::Feed => {
                // Whoever feeds a pipe may wait for the chunks before there is more to read.
                if length.is_none() {
                    write(&name, machine.flush(), chunks).map_err(Failure::Output)?;
                    chunks.flush().map_err(Failure::Output)?;
                }
                read = read_some(&mut source, &mut buffer).map_err(Failure::Document)?;
                fed = 0;
                bar.inc(read as u64);
                if read == 0 {
                    machine.finish();
                }
            }
            Step::Store(batch) => {
                write(&name, Some(batch), chunks).map_err(Failure::Output)?;
            }
            Step::Done(summary) => {
                bar.finish_and_clear();
                // A declared charset that was taken is no news.
                if decoding.charset != Some(summary.charset) {
                    output::note(&format!("{name}: charset {}", summary.charset.name()));
                }
                return Ok(());
            }
        }
    }
}

fn write(document: &str, batch: Option<Gathered>, chunks: &mut Chunks) -> anyhow::Result<()> {
    let Some(batch) = batch.map(Gathered::digested) else {
        return Ok(());
    };
    for chunk in &batch.chunks {
        chunks.write(document, chunk, batch.text(chunk))?;
    }
    Ok(())
}

fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> anyhow::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => return read.context("cannot be read"),
        }
    }
}

/// Names the argument that helps.
fn with_remedy(fault: decoding::Fault) -> anyhow::Error {
    use decoding::Fault::{Binary, Changed, Escape, Invalid, Nul};
    let remedy = match (fault, fault.looks_like()) {
        // Its message has the remedy.
        (Binary { .. }, _) => return fault.into(),
        (_, Some(charset)) => {
            let label = charset.to_lowercase();
            format!("give `--charset {label}` or `--charset auto`")
        }
        (Invalid { is_detected, .. }, None) if is_detected => {
            "give the charset with `--charset` if it is another, or give `--invalid replace`".into()
        }
        (Invalid { .. }, None) => "try `--charset auto`, or `--invalid replace`".into(),
        (Escape { .. }, None) => "`--charset utf-8` keeps the escape sequences as they are".into(),
        (Changed { .. }, None) => "begin again".into(),
        (Nul { .. }, None) => "if it is text all the same, try `--nul replace`".into(),
    };
    anyhow::anyhow!("{fault}: {remedy}")
}
