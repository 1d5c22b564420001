//! The results of the documents of one command: a line for each failure, and a summary.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tonic::{Code, Status};

use crate::cli::calls::status::explain;
use crate::cli::terminal::output::{self, Format, Reported};
use crate::cli::terminal::table::Object;

/// The result of a document. The summary lists them in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum DocumentResult {
    Uploaded,
    Rechunked,
    /// Only the labels were changed.
    Labelled,
    Deleted,
    Unchanged,
    /// The document belongs to another folder.
    Conflicting,
    /// The server refused the document.
    Refused,
    /// The document could not be read or sent.
    Failed,
    Skipped,
}

impl DocumentResult {
    fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Rechunked => "rechunked",
            Self::Labelled => "labelled",
            Self::Deleted => "deleted",
            Self::Unchanged => "unchanged",
            Self::Conflicting => "conflicting",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the command fails because of it.
    fn is_failure(self) -> bool {
        matches!(self, Self::Conflicting | Self::Refused | Self::Failed)
    }

    /// Returns the kind of an error. A status is a refusal, unless its code means that the connection failed.
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

/// A document that belongs to another folder, with the line that explains it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Conflict(pub(crate) String);

/// The output for a document that is done: a line for people, or fields for JSON.
#[derive(Debug)]
pub(crate) struct Line {
    /// `None` means that people see no line.
    pub(crate) text: Option<String>,
    pub(crate) fields: Object,
}

impl Line {
    /// Returns a line whose only field is the document's name.
    pub(crate) fn of(text: String, document: &str) -> Self {
        Self {
            text: Some(text),
            ..Self::silent(document)
        }
    }

    /// Returns the document's name as the only field, without a line for people.
    pub(crate) fn silent(document: &str) -> Self {
        let fields = Object::from_iter([("document".to_owned(), document.into())]);
        Self { text: None, fields }
    }
}

/// The result of a document, with its line.
#[derive(Debug)]
pub(crate) struct Done {
    /// The document's name in messages.
    pub(crate) name: String,
    pub(crate) result: anyhow::Result<(DocumentResult, Option<Line>)>,
}

/// The results of the documents of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    format: Format,
    counts: BTreeMap<DocumentResult, usize>,
    /// A line for each document that failed or was skipped, ordered by name.
    lines: BTreeSet<String>,
}

impl Outcome {
    /// Returns an empty outcome that is written in this format.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            counts: BTreeMap::new(),
            lines: BTreeSet::new(),
        }
    }

    /// Counts a document and writes its line.
    pub(crate) fn take(&mut self, done: Done) -> anyhow::Result<()> {
        match done.result {
            Ok((kind, line)) => {
                self.count(kind);
                self.write(&done.name, kind, line)
            }
            Err(error) => {
                let kind = DocumentResult::of(&error);
                let why = format!("{:#}", explain(error));
                self.explain(kind, format!("{}: {why}", done.name));
                if self.format == Format::Table {
                    return Ok(());
                }
                let fields = Object::from_iter([("error".to_owned(), json!(why))]);
                self.write(&done.name, kind, Some(Line { text: None, fields }))
            }
        }
    }

    /// Writes the line of a document. In JSON every document has one.
    fn write(&self, name: &str, kind: DocumentResult, line: Option<Line>) -> anyhow::Result<()> {
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

    fn count(&mut self, kind: DocumentResult) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Counts a document and keeps the line that explains its result.
    pub(crate) fn explain(&mut self, kind: DocumentResult, line: String) {
        self.count(kind);
        self.lines.insert(line);
    }

    /// Counts a document for each line, and keeps the lines.
    pub(crate) fn explain_all(&mut self, kind: DocumentResult, lines: Vec<String>) {
        for line in lines {
            self.explain(kind, line);
        }
    }

    /// Writes the kept lines and, for people, the summary.
    ///
    /// # Errors
    ///
    /// Fails if a document failed.
    pub(crate) fn report(&self, head: &str) -> anyhow::Result<()> {
        self.write_lines();
        if self.format == Format::Table {
            output::line(&format!("{head}{}", self.summary()))?;
        }
        self.result()
    }

    /// Writes the kept lines of a command with one document.
    ///
    /// # Errors
    ///
    /// Fails if the document failed.
    pub(crate) fn report_single(&self) -> anyhow::Result<()> {
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
