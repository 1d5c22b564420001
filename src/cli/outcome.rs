//! How the documents of one call ended: a line for each that failed, and a summary.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;

use crate::cli::output::{self, Reported};
use crate::cli::upload::said;

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
        let passing = [tonic::Code::Unavailable, tonic::Code::Unknown];
        match error.downcast_ref::<Status>() {
            Some(status) if !passing.contains(&status.code()) => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// A document that belongs to somebody else, and the line that says so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Conflict(pub(super) String);

/// How the documents of a call ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    counts: BTreeMap<Kind, usize>,
    /// A line for each document that failed or was left out, in the order of their names.
    lines: BTreeSet<String>,
}

impl Outcome {
    /// Counts a document.
    pub(super) fn count(&mut self, kind: Kind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Counts a document that failed, with its name and why.
    pub(super) fn fail(&mut self, name: &str, error: anyhow::Error) {
        let kind = Kind::of(&error);
        self.explain(kind, format!("{name}: {:#}", said(error)));
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

    /// Writes the lines and the summary.
    ///
    /// # Errors
    ///
    /// Fails if a document has.
    pub(super) fn report(&self, head: &str) -> anyhow::Result<()> {
        self.write_lines();
        output::line(&format!("{head}{}", self.summary()))?;
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
