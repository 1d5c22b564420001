//! The only place that writes to the terminal.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::thread;

use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::cli::printable::{printable, printable_json};
use crate::config::log_format::LogFormat;
use crate::config::terminal;

/// Every progress bar, so that lines are written above them and never into one.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// How rows are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Format {
    /// JSON Lines: an object a line.
    Json,
    /// A table for people.
    Table,
}

/// Writes lines to the standard output, as they are.
///
/// # Errors
///
/// Fails with [`Closed`] if its reader is gone.
pub(super) fn write(lines: &str) -> anyhow::Result<()> {
    let written = BARS.suspend(|| {
        let mut out = io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        out.flush()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("cannot write"),
    }
}

/// Writes lines of JSON to the standard output.
pub(super) fn json(lines: &str) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        write(&printable_json(lines))
    } else {
        write(lines)
    }
}

/// Writes an object as a line of JSON.
pub(super) fn object(object: &Value) -> anyhow::Result<()> {
    json(&format!("{object}\n"))
}

/// Writes a line for people to the standard output.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    write(&format!("{}\n", printable(text)))
}

/// How many columns the terminal has that the standard output is; none if it is another thing.
pub(super) fn columns() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Ends the program as soon as the reader of the standard output is gone. It is for commands that wait:
/// a write would not tell them.
pub(super) fn end_when_closed() {
    // The thread ends with the program. It waits for ever if the output is no pipe.
    thread::spawn(|| {
        let out = io::stdout();
        let mut polled = [PollFd::new(&out, PollFlags::empty())];
        // Ends when the system reports the output's end, or cannot report it.
        while poll(&mut polled, None) == Err(Errno::INTR) {}
        if polled[0]
            .revents()
            .intersects(PollFlags::ERR | PollFlags::HUP)
        {
            let _undrawn = BARS.clear();
            std::process::exit(0);
        }
    });
}

/// Draws a progress bar on the standard error, if somebody sees it there.
pub(super) fn drawn(bar: ProgressBar) -> ProgressBar {
    if io::stderr().is_terminal() {
        BARS.add(bar)
    } else {
        ProgressBar::hidden()
    }
}

/// Writes logs to the standard error: text for people at a terminal, else JSON Lines.
pub(super) fn logs(filter: EnvFilter, format: LogFormat) {
    let is_terminal = io::stderr().is_terminal();
    let is_text = match format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // Somebody who embeds this may have set one already.
    let _already_set = if is_text {
        let has_colour = is_terminal && terminal::takes_colour();
        subscriber.with_ansi(has_colour).try_init()
    } else {
        subscriber.json().try_init()
    };
}

/// Whether a file is the one that the standard output is written to: reading it would never end.
pub(super) fn is_output(file: &Metadata) -> bool {
    let output = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let output = output.and_then(|output| output.metadata());
    output.is_ok_and(|output| {
        output.is_file() && (output.dev(), output.ino()) == (file.dev(), file.ino())
    })
}

/// Writes a note to the standard error, for somebody who reads a table on a terminal.
pub(super) fn note_on_terminal(message: &str) {
    if io::stdout().is_terminal() {
        complain(message);
    }
}

/// Writes a note for people to the standard error.
pub(super) fn note(message: &str) {
    complain(message);
}

/// Says what is wrong, for people.
pub(super) fn complain(message: &str) {
    let line = format!("sluice: {}\n", printable(message));
    // Nothing is left to do if even that cannot be written.
    let _unwritable = BARS.suspend(|| io::stderr().write_all(line.as_bytes()));
}

/// The exit code for a command that ended with an error, with its message.
pub(super) fn end(error: &anyhow::Error) -> ExitCode {
    // Whoever reads the output has read enough: that is no failure.
    if error.downcast_ref::<Closed>().is_some() {
        return ExitCode::SUCCESS;
    }
    if let Some(Stopped(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if error.downcast_ref::<Reported>().is_none() {
        complain(&format!("{error:#}"));
    }
    let is_usage = error.downcast_ref::<WrongArguments>().is_some();
    ExitCode::from(if is_usage { 2 } else { 1 })
}

/// The reader of the standard output is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the output is closed")]
pub(super) struct Closed;

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
