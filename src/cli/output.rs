//! The only place that writes to the terminal.

use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::domain::ingest::batch::Chunk;
use crate::domain::ingest::digest::hex;

/// How many characters of a chunk's text a table shows.
const SHOWN_CHARACTERS: usize = 48;

/// How often a progress bar of unknown length moves.
const TICK: Duration = Duration::from_millis(100);

/// How chunks are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Format {
    /// JSON Lines: an object a line.
    Json,
    /// A table for people.
    Table,
}

/// Writes chunks to the standard output.
#[derive(Debug)]
pub(super) struct Chunks {
    format: Format,
    with_text: bool,
    out: BufWriter<StdoutLock<'static>>,
}

/// A chunk as a line of JSON. Offsets count from 0; ends are exclusive.
#[derive(Serialize)]
struct Row<'a> {
    document: &'a str,
    ordinal: u64,
    start_byte: u64,
    end_byte: u64,
    start_character: u64,
    end_character: u64,
    start_line: u64,
    end_line: u64,
    start_source: u64,
    end_source: u64,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl Chunks {
    /// Starts writing; a table begins with its head.
    pub(super) fn new(format: Format, with_text: bool) -> anyhow::Result<Self> {
        let mut chunks = Self {
            format,
            with_text,
            out: BufWriter::new(io::stdout().lock()),
        };
        if format == Format::Table {
            let head = ("CHUNK", "BYTES", "CHARACTERS", "LINES");
            let text = if with_text { "TEXT" } else { "" };
            chunks.row((head.0, head.1, head.2, head.3), text)?;
        }
        Ok(chunks)
    }

    /// Writes a chunk.
    pub(super) fn write(
        &mut self,
        document: &str,
        chunk: &Chunk,
        text: &str,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let text = self.with_text.then_some(text);
                serde_json::to_writer(&mut self.out, &row(document, chunk, text))?;
                self.out.write_all(b"\n")?;
                Ok(())
            }
            Format::Table => {
                let (start, end) = (chunk.span.start, chunk.span.end);
                let ordinal = chunk.ordinal.to_string();
                let range = |from, to| format!("{from}..{to}");
                let bytes = range(start.byte, end.byte);
                let characters = range(start.character, end.character);
                let lines = range(start.line, end.line);
                let text = if self.with_text {
                    shown(text)
                } else {
                    String::new()
                };
                self.row((&ordinal, &bytes, &characters, &lines), &text)
            }
        }
    }

    /// Writes what is left in the buffer.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.out.flush().context("cannot write")
    }

    fn row(&mut self, cells: (&str, &str, &str, &str), text: &str) -> anyhow::Result<()> {
        let (ordinal, bytes, characters, lines) = cells;
        let row = format!("{ordinal:>8}  {bytes:<23} {characters:<23} {lines:<17} {text}");
        writeln!(self.out, "{}", row.trim_end()).context("cannot write")
    }
}

fn row<'a>(document: &'a str, chunk: &Chunk, text: Option<&'a str>) -> Row<'a> {
    let Chunk {
        ordinal,
        span,
        sha256,
    } = *chunk;
    Row {
        document,
        ordinal,
        start_byte: span.start.byte,
        end_byte: span.end.byte,
        start_character: span.start.character,
        end_character: span.end.character,
        start_line: span.start.line,
        end_line: span.end.line,
        start_source: span.start.source,
        end_source: span.end.source,
        sha256: hex(&sha256),
        text,
    }
}

/// The start of a text, with nothing in it that a terminal would act on.
fn shown(text: &str) -> String {
    let mut start = text.chars().take(SHOWN_CHARACTERS).collect::<String>();
    if start.len() < text.len() {
        start.push('\u{2026}');
    }
    start.escape_debug().to_string()
}

/// A progress bar on the standard error, where somebody sees it and it disturbs nothing.
pub(super) fn progress(document: &str, bytes: Option<u64>) -> ProgressBar {
    if io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {msg} {bytes} {bytes_per_sec}",
        ),
    };
    bar.enable_steady_tick(TICK);
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(printable(document))
}

/// A progress bar for many documents, which are done several at once.
pub(super) fn progress_of(documents: usize) -> ProgressBar {
    if io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(documents as u64);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} documents {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Writes a line to the standard output.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{}", printable(text)).context("cannot write")
}

/// Writes logs, as JSON Lines, to the standard error.
pub(super) fn logs(filter: EnvFilter) {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // Somebody who embeds this may have set one already.
    let _already_set = subscriber.try_init();
}

/// Rows for people or programs.
#[derive(Debug)]
pub(super) struct Table {
    format: Format,
    columns: Vec<(&'static str, usize)>,
    has_head: bool,
    out: BufWriter<StdoutLock<'static>>,
}

impl Table {
    /// Starts with columns and their widths; the last is as wide as it needs to be.
    pub(super) fn new(format: Format, columns: &[(&'static str, usize)]) -> anyhow::Result<Self> {
        Ok(Self {
            format,
            columns: columns.to_vec(),
            has_head: false,
            out: BufWriter::new(io::stdout().lock()),
        })
    }

    /// Writes the head of a table, once. It waits for the first row or the end: a call that fails prints nothing.
    fn head(&mut self) -> anyhow::Result<()> {
        if self.format == Format::Json || std::mem::replace(&mut self.has_head, true) {
            return Ok(());
        }
        let names = self.columns.iter().map(|(name, _)| name.to_uppercase());
        let names = names.collect::<Vec<_>>();
        self.cells(&names)
    }

    /// Writes a row whose details are in JSON only: for people they are too much.
    pub(super) fn detailed_row(
        &mut self,
        values: &[Value],
        details: &[(&'static str, Value)],
    ) -> anyhow::Result<()> {
        if self.format == Format::Table {
            return self.row(values);
        }
        let names = self.columns.iter().map(|(name, _)| *name);
        let columns = names
            .zip(values)
            .chain(details.iter().map(|(name, value)| (*name, value)));
        let object = columns
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect::<serde_json::Map<_, _>>();
        serde_json::to_writer(&mut self.out, &object)?;
        self.out.write_all(b"\n").context("cannot write")
    }

    /// Writes a row, a value a column.
    pub(super) fn row(&mut self, values: &[Value]) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.detailed_row(values, &[]),
            Format::Table => {
                self.head()?;
                let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), shown);
                self.cells(&values.iter().map(cell).collect::<Vec<_>>())
            }
        }
    }

    /// Writes what is left in the buffer.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.out.flush().context("cannot write")
    }

    /// The same, at the end.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.head()?;
        self.flush()
    }

    fn cells(&mut self, cells: &[String]) -> anyhow::Result<()> {
        let mut row = String::new();
        for (cell, (_, width)) in cells.iter().zip(&self.columns) {
            // A string takes everything.
            let _infallible = write!(row, "{cell:<width$}  ");
        }
        writeln!(self.out, "{}", row.trim_end()).context("cannot write")
    }
}

/// Whether a file is the one that the standard output is written to: reading it would never end.
pub(super) fn is_output(file: &Metadata) -> bool {
    let output = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let output = output.and_then(|output| output.metadata());
    output.is_ok_and(|output| {
        output.is_file() && (output.dev(), output.ino()) == (file.dev(), file.ino())
    })
}

/// Writes a note for people to the standard error.
pub(super) fn note(message: &str) {
    complain(message);
}

/// Says what is wrong, for people.
pub(super) fn complain(message: &str) {
    // Nothing is left to do if even that cannot be written.
    let _unwritable = writeln!(io::stderr(), "sluice: {}", printable(message));
}

/// A text with nothing in it that a terminal would act on.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Whether the reader of the output has read enough and gone: that is no failure.
pub(super) fn is_closed(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let json = cause.downcast_ref::<serde_json::Error>();
        let kind = json.and_then(serde_json::Error::io_error_kind);
        let kind = kind.or_else(|| cause.downcast_ref::<io::Error>().map(io::Error::kind));
        kind == Some(io::ErrorKind::BrokenPipe)
    })
}

/// The exit code for a command that failed, with its message.
pub(super) fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(Stopped(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if error.downcast_ref::<Reported>().is_none() {
        complain(&format!("{error:#}"));
    }
    let is_usage = error.downcast_ref::<WrongArguments>().is_some();
    ExitCode::from(if is_usage { 2 } else { 1 })
}

/// The arguments do not fit together, or are out of range.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("wrong arguments")]
pub(super) struct WrongArguments;

/// A signal has ended the command, and its messages have said what is left to do.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("ended by a signal")]
pub(super) struct Stopped(
    /// The exit code.
    pub(super) u8,
);

/// The command failed, and its messages have said why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("failed")]
pub(super) struct Reported;

/// Some documents could not be done; what was wrong with each has been said.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{failed} of {all} documents failed")]
pub(super) struct DocumentsFailed {
    pub(super) failed: usize,
    pub(super) all: usize,
}
