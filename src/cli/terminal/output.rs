//! The only module that writes to the terminal.

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

use crate::cli::terminal::printable::{printable, printable_json};
use crate::config::log_format::LogFormat;
use crate::config::terminal;

/// All progress bars. Lines are written above them, never into one.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// The output format.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Format {
    /// JSON Lines: one object per line.
    Json,
    /// A table for people.
    Table,
}

/// Writes lines to the standard output unchanged.
///
/// # Errors
///
/// Fails with [`Closed`] if the reader has closed the output.
pub(crate) fn write(lines: &str) -> anyhow::Result<()> {
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

/// Writes lines of JSON to the standard output. On a terminal, control characters are escaped.
pub(crate) fn json(lines: &str) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        write(&printable_json(lines))
    } else {
        write(lines)
    }
}

/// Writes an object as a line of JSON.
pub(crate) fn object(object: &Value) -> anyhow::Result<()> {
    json(&format!("{object}\n"))
}

/// Writes a line for people to the standard output.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    write(&format!("{}\n", printable(text)))
}

/// Returns the width of the terminal in columns. `None` means that the standard output is not a terminal.
pub(crate) fn columns() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Ends the program with code 0 as soon as the reader closes the standard output. Commands that wait need this,
/// because they would notice it only at their next write.
pub(crate) fn end_when_closed() {
    // The thread ends with the program. If the output is not a pipe, the thread waits until then.
    thread::spawn(|| {
        let out = io::stdout();
        let mut polled = [PollFd::new(&out, PollFlags::empty())];
        // Returns when the system reports that the output is closed, or fails to report it.
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

/// Draws a progress bar on the standard error if that is a terminal.
pub(crate) fn drawn(bar: ProgressBar) -> ProgressBar {
    if io::stderr().is_terminal() {
        BARS.add(bar)
    } else {
        ProgressBar::hidden()
    }
}

/// Writes logs to the standard error. `Auto` means text for people at a terminal, else JSON Lines.
pub(crate) fn logs(filter: EnvFilter, format: LogFormat) {
    let is_terminal = io::stderr().is_terminal();
    let is_text = match format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A program that embeds this crate may have set a subscriber already.
    let _already_set = if is_text {
        let has_colour = is_terminal && terminal::takes_colour();
        subscriber.with_ansi(has_colour).try_init()
    } else {
        subscriber.json().try_init()
    };
}

/// Whether a file is the one that the standard output writes to. Reading it would never end.
pub(crate) fn is_output(file: &Metadata) -> bool {
    let output = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let output = output.and_then(|output| output.metadata());
    output.is_ok_and(|output| {
        output.is_file() && (output.dev(), output.ino()) == (file.dev(), file.ino())
    })
}

/// Writes a note to the standard error if the standard output is a terminal.
pub(crate) fn note_on_terminal(message: &str) {
    if io::stdout().is_terminal() {
        complain(message);
    }
}

/// Writes a note for people to the standard error.
pub(crate) fn note(message: &str) {
    complain(message);
}

/// Writes an error message for people to the standard error.
pub(crate) fn complain(message: &str) {
    let line = format!("sluice: {}\n", printable(message));
    // An error that cannot be written has no other place.
    let _unwritable = BARS.suspend(|| io::stderr().write_all(line.as_bytes()));
}

/// Writes the message of a failed command, and returns its exit code.
pub(crate) fn end(error: &anyhow::Error) -> ExitCode {
    // The reader has read enough, which is not a failure.
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

/// The reader has closed the standard output.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the output is closed")]
pub(crate) struct Closed;

/// The arguments contradict each other, or are out of range.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("wrong arguments")]
pub(crate) struct WrongArguments;

/// A signal has ended the command, and its messages have explained how to resume.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("ended by a signal")]
pub(crate) struct Stopped(
    /// The exit code.
    pub(crate) u8,
);

/// The command failed, and its messages have explained why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("failed")]
pub(crate) struct Reported;

/// Some documents failed, and a message has explained each.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{failed} of {all} documents failed")]
pub(crate) struct DocumentsFailed {
    pub(crate) failed: usize,
    pub(crate) all: usize,
}
