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
        let passing = [tonic::Code::Unavailable, tonic::Code::Unknown];
        match error.downcast_ref::<Status>() {
            Some(status) if !passing.contains(&status.code()) => Self::Refused,
            _ => Self::Failed,
        }
    }
}

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

    /// Whether something has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.counts.keys().any(|kind| kind.is_failure())
    }

    /// Writes the lines, and the summary if there is more than one document.
    ///
    /// # Errors
    ///
    /// Fails if a document has.
    pub(super) fn report(&self, with_summary: bool) -> anyhow::Result<()> {
        for line in &self.lines {
            output::complain(line);
        }
        if with_summary {
            output::line(&self.summary())?;
        }
        if self.has_failed() {
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
