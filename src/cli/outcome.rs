//! How the documents of one call ended: a line for each that failed, and a summary.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tonic::{Code, Status};

use crate::cli::output::{self, Format, Reported};
use crate::cli::status::said;
use crate::cli::table::Object;

/// How a document ended. The summary has them in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    Uploaded,
    Rechunked,
    Deleted,
    Unchanged,
    /// The document belongs to somebody else.
    Conflicting,
    /// The server refused it.
    Refused,
    /// It could not be read or sent.
    Failed,
    Skipped,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Rechunked => "rechunked",
            Self::Deleted => "deleted",
            Self::Unchanged => "unchanged",
            Self::Conflicting => "conflicting",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the call has failed with it.
    fn is_failure(self) -> bool {
        matches!(self, Self::Conflicting | Self::Refused | Self::Failed)
    }

    /// The kind of an error: a status is a refusal, unless the connection is what failed.
    fn of(error: &anyhow::Error) -> Self {
        if error.downcast_ref::<Conflict>().is_some() {
            return Self::Conflicting;
        }
        let lost = [
            Code::Unavailable,
            Code::Unknown,
            Code::Internal,
            Code::Cancelled,
            Code::DeadlineExceeded,
        ];
        match error.downcast_ref::<Status>() {
            Some(status) if !lost.contains(&status.code()) => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// A document that belongs to somebody else, and the line that says so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Conflict(pub(super) String);

/// What is written of a document that is done: a line for people, or fields.
#[derive(Debug)]
pub(super) struct Line {
    /// None if people need not be told.
    pub(super) text: Option<String>,
    pub(super) fields: Object,
}

impl Line {
    /// A line whose only field is the document's name.
    pub(super) fn of(text: String, document: &str) -> Self {
        Self {
            text: Some(text),
            ..Self::silent(document)
        }
    }

    /// No line for people, and the document's name.
    pub(super) fn silent(document: &str) -> Self {
        let fields = Object::from_iter([("document".to_owned(), document.into())]);
        Self { text: None, fields }
    }
}

/// How a document ended, and the line that says so.
#[derive(Debug)]
pub(super) struct Done {
    /// Its name in messages.
    pub(super) name: String,
    pub(super) result: anyhow::Result<(Kind, Option<Line>)>,
}

/// How the documents of a call ended.
#[derive(Debug)]
pub(super) struct Outcome {
    format: Format,
    counts: BTreeMap<Kind, usize>,
    /// A line for each document that failed or was left out, in the order of their names.
    lines: BTreeSet<String>,
}

impl Outcome {
    /// Nothing is done yet; lines have this format.
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            counts: BTreeMap::new(),
            lines: BTreeSet::new(),
        }
    }

    /// Counts a document, and writes its line.
    pub(super) fn take(&mut self, done: Done) -> anyhow::Result<()> {
        match done.result {
            Ok((kind, line)) => {
                self.count(kind);
                self.write(&done.name, kind, line)
            }
            Err(error) => {
                let kind = Kind::of(&error);
                let why = format!("{:#}", said(error));
                self.explain(kind, format!("{}: {why}", done.name));
                if self.format == Format::Table {
                    return Ok(());
                }
                let fields = Object::from_iter([("error".to_owned(), json!(why))]);
                self.write(&done.name, kind, Some(Line { text: None, fields }))
            }
        }
    }

    /// Writes what is said of a document: in JSON each has a line.
    fn write(&self, name: &str, kind: Kind, line: Option<Line>) -> anyhow::Result<()> {
        match self.format {
            Format::Table => {
                let text = line.and_then(|line| line.text);
                text.map_or(Ok(()), |text| output::line(&text))
            }
            Format::Json => {
                let mut fields = line.map(|line| line.fields).unwrap_or_default();
                fields.insert("outcome".to_owned(), json!(kind.name()));
                fields.insert("source".to_owned(), json!(name));
                output::object(&fields.into())
            }
        }
    }

    fn count(&mut self, kind: Kind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Counts something that a line says.
    pub(super) fn explain(&mut self, kind: Kind, line: String) {
        self.count(kind);
        self.lines.insert(line);
    }

    /// Counts all that the lines say.
    pub(super) fn explain_all(&mut self, kind: Kind, lines: Vec<String>) {
        for line in lines {
            self.explain(kind, line);
        }
    }

    /// Writes the lines, and the summary for people.
    ///
    /// # Errors
    ///
    /// Fails if a document has.
    pub(super) fn report(&self, head: &str) -> anyhow::Result<()> {
        self.write_lines();
        if self.format == Format::Table {
            output::line(&format!("{head}{}", self.summary()))?;
        }
        self.result()
    }

    /// Writes the line of the only document.
    ///
    /// # Errors
    ///
    /// Fails if it has failed.
    pub(super) fn report_single(&self) -> anyhow::Result<()> {
        self.write_lines();
        self.result()
    }

    fn write_lines(&self) {
        for line in &self.lines {
            output::complain(line);
        }
    }

    fn result(&self) -> anyhow::Result<()> {
        if self.counts.keys().any(|kind| kind.is_failure()) {
            Err(Reported.into())
        } else {
            Ok(())
        }
    }

    fn summary(&self) -> String {
        let counts = self.counts.iter();
        let counts = counts.map(|(kind, count)| format!("{count} {}", kind.name()));
        let counts = counts.collect::<Vec<_>>();
        if counts.is_empty() {
            "no documents".to_owned()
        } else {
            counts.join(", ")
        }
    }
}
