//! `sluice chunk`: chunks documents without storing them.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::bootstrap::tokenizers;
use crate::cli::arguments::spec::{Chunking, Decoding};
use crate::cli::json::local_chunk;
use crate::cli::terminal::chunk_rows;
use crate::cli::terminal::output::{self, DocumentsFailed, Format, WrongArguments};
use crate::cli::terminal::progress;
use crate::cli::terminal::table::{Column, Table};
use crate::cli::uploads::source::Source;
use crate::cli::uploads::sources::{self, Entry};
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::ingest::batch::{Chunk, Gathered};
use crate::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step};
use crate::domain::text::encoding::decoding;
use crate::domain::text::position::Span;

/// Stream text through the engine and write its chunks.
///
/// Memory stays flat for documents of any size. Offsets count from 0: bytes, characters and lines of the text, and
/// bytes of the source before decoding. The charset of each document is written to the standard error with
/// `--charset auto`, and where a byte order mark overrides `--charset`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Files, pipes, `-` for the standard input, or folders [default: -]. In folders, hidden files, links and files
    /// that .gitignore or .ignore exclude are skipped.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    chunking: Chunking,
    #[command(flatten)]
    decoding: Decoding,
    /// Directory of tokenizer.json files and SentencePiece models for --tokenizer.
    #[arg(long, value_name = "FOLDER")]
    tokenizers: Option<PathBuf>,
    /// Output format; `json` writes JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    output: Format,
    /// Leave out the text of the chunks.
    #[arg(long)]
    no_text: bool,
}

/// Bytes of one read.
const READ_BYTES: usize = 64 * 1024;

/// Chunks every document. A document that fails does not stop the others.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = arguments.chunking.spec().context(WrongArguments)?;
    let spec = tokenizers::loaded(spec, arguments.tokenizers.as_deref()).context(WrongArguments)?;
    let decoding = arguments.decoding.decoding().context(WrongArguments)?;
    let mut chunks = ChunkWriter::of(arguments);
    let mut outcome = DocumentsFailed { failed: 0, all: 0 };
    for found in sources::of(&arguments.paths) {
        let done = match found {
            Entry::Source(source) => {
                chunk(&source, &spec, decoding, &mut chunks).map_err(|failure| failure.of(&source))
            }
            Entry::Failed(why) => Err(Failure::Document(anyhow::anyhow!(why))),
            Entry::Skipped(why) => {
                output::complain(&why);
                continue;
            }
        };
        outcome.all += 1;
        // A table aligns the rows of several documents, so it buffers them as long as it can. The chunks before a
        // fault are written before the fault is reported.
        if arguments.output == Format::Json || done.is_err() {
            chunks.table.flush()?;
        }
        match done {
            Ok(()) => {}
            Err(Failure::Document(error)) => {
                outcome.failed += 1;
                output::complain(&format!("{error:#}"));
            }
            Err(Failure::Output(error)) => return Err(error),
        }
    }
    chunks.table.finish()?;
    if outcome.failed > 0 {
        Err(outcome.into())
    } else {
        Ok(())
    }
}

/// Writes chunks to the standard output.
#[derive(Debug)]
struct ChunkWriter {
    format: Format,
    with_text: bool,
    /// Whether the table has rows of several documents.
    with_document: bool,
    table: Table,
}

impl ChunkWriter {
    fn of(arguments: &Arguments) -> Self {
        let format = arguments.output;
        let with_text = !arguments.no_text;
        let with_document = !sources::is_single(&arguments.paths);
        let mut columns = Vec::new();
        columns.extend(with_document.then_some(Column::of("document", 16)));
        columns.extend(chunk_rows::COLUMNS);
        columns.truncate(columns.len() - usize::from(!with_text));
        Self {
            format,
            with_text,
            with_document,
            table: Table::new(format, &columns),
        }
    }

    fn write(&mut self, document: &str, chunk: &Chunk, text: &str) -> anyhow::Result<()> {
        let text = self.with_text.then_some(text);
        match self.format {
            Format::Json => {
                let row = local_chunk::row(document, chunk, text);
                self.table.json(&serde_json::to_string(&row)?)
            }
            Format::Table => {
                let Span { start, end } = chunk.span;
                let places = [
                    (start.byte, end.byte),
                    (start.character, end.character),
                    (start.line, end.line),
                ];
                let headings = chunk.structure.context().headings.iter();
                let titles = headings.map(|heading| &*heading.title);
                let text = chunk_rows::under(titles, text.unwrap_or_default());
                let mut cells = chunk_rows::cells(chunk.ordinal, places, text);
                if self.with_document {
                    cells.insert(0, document.to_owned());
                }
                self.table.cells(cells)
            }
        }
    }
}

/// The cause of a failure. After `Document` the next document can still be chunked.
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
    spec: &LoadedSpec,
    decoding: decoding::Decoding,
    chunks: &mut ChunkWriter,
) -> Result<(), Failure> {
    let opened = document.open().map_err(Failure::Document)?;
    let mut source = opened.bytes;
    let length = opened.length;
    let name = document.name();
    let bar = progress::of_document(&name, length);
    let mut engine = Engine::new(spec, decoding, BATCH_BYTES_MIN);
    let mut buffer = vec![0; READ_BYTES];
    let mut fed = 0;
    let mut read = 0;
    loop {
        let step = engine.step();
        match step.map_err(|fault| Failure::Document(with_remedy(fault)))? {
            Step::Feed if fed < read => fed += engine.feed(&buffer[fed..read]),
            Step::Feed => {
                // The producer of a pipe may wait for the chunks before it writes more.
                if length.is_none() {
                    write(&name, engine.flush(), chunks).map_err(Failure::Output)?;
                    chunks.table.flush().map_err(Failure::Output)?;
                }
                read = read_some(&mut source, &mut buffer).map_err(Failure::Document)?;
                fed = 0;
                bar.inc(read as u64);
                if read == 0 {
                    engine.finish();
                }
            }
            Step::Store(batch) => {
                write(&name, Some(batch), chunks).map_err(Failure::Output)?;
            }
            Step::Done(summary) => {
                bar.finish_and_clear();
                // A charset that was declared and used need not be reported.
                if decoding.charset != Some(summary.charset) {
                    output::note(&format!("{name}: charset {}", summary.charset.name()));
                }
                return Ok(());
            }
        }
    }
}

fn write(document: &str, batch: Option<Gathered>, chunks: &mut ChunkWriter) -> anyhow::Result<()> {
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

/// Adds the argument that helps.
fn with_remedy(fault: decoding::Fault) -> anyhow::Error {
    use decoding::Fault::{Binary, Changed, Escape, Invalid, Nul};
    let remedy = match (fault, fault.looks_like()) {
        // The message of the fault has the remedy.
        (Binary { .. }, _) => return fault.into(),
        (_, Some(charset)) => {
            let label = charset.to_lowercase();
            format!("give `--charset {label}` or `--charset auto`")
        }
        (Invalid { is_detected, .. }, None) if is_detected => {
            "give the charset with `--charset` if it is wrong, or give `--invalid replace`".into()
        }
        (Invalid { .. }, None) => "try `--charset auto`, or `--invalid replace`".into(),
        (Escape { .. }, None) => "`--charset utf-8` keeps the escape sequences as they are".into(),
        (Changed { .. }, None) => "start again".into(),
        (Nul { .. }, None) => "if the document is text, try `--nul replace`".into(),
    };
    anyhow::anyhow!("{fault}: {remedy}")
}
