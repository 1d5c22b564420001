//! Uploads in progress, and the commands that resume them after a signal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;

use uuid::Uuid;

use crate::cli::stopping::Stopping;
use crate::cli::terminal::output::{self, Stopped};

/// Characters besides letters and digits that need no quotes in a shell.
const PLAIN: &str = "_@%+=:,./-";
/// The command whose arguments take a request id.
const UPLOAD: &str = "upload";

/// Uploads in progress.
#[derive(Debug, Default)]
pub(crate) struct OpenUploads(RefCell<BTreeMap<Uuid, OpenUpload>>);

/// An upload in progress.
#[derive(Clone, Debug)]
pub(crate) struct OpenUpload {
    /// The name of its source.
    pub(crate) name: String,
    pub(crate) document_id: String,
    /// Whether the same command resumes it.
    pub(crate) is_kept: bool,
}

/// Keeps an upload in progress until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    open_uploads: &'a OpenUploads,
    request_id: Uuid,
}

impl OpenUploads {
    pub(crate) fn enter(&self, request_id: Uuid, upload: OpenUpload) -> Entry<'_> {
        self.0.borrow_mut().insert(request_id, upload);
        Entry {
            open_uploads: self,
            request_id,
        }
    }

    /// Does the work. On a signal, explains how to resume it. `is_single` means that the command uploads one
    /// document, so that its arguments may have a request id.
    ///
    /// # Errors
    ///
    /// Fails if the work fails, or on a signal.
    pub(crate) async fn unless_stopped(
        &self,
        mut stopping: Stopping,
        is_single: bool,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        tokio::pin!(work);
        let signal = tokio::select! {
            done = &mut work => return done,
            signal = stopping.wait() => signal,
        };
        self.explain(is_single);
        Err(Stopped(signal.exit_code()).into())
    }

    fn explain(&self, is_single: bool) {
        let uploads = self.0.borrow();
        for (request_id, upload) in uploads.iter() {
            let OpenUpload {
                name, document_id, ..
            } = upload;
            output::note(&format!(
                "{name}: interrupted; the upload of the document {document_id} is not complete, its request \
                 id is {request_id}"
            ));
        }
        let mut lost = uploads.iter().filter(|(_, upload)| !upload.is_kept);
        let first = lost.next();
        let more = lost.next();
        let command = match (first, more) {
            (Some((request_id, _)), None) if is_single => command(Some(*request_id)),
            _ => command(None),
        };
        let how = match (uploads.is_empty(), first, more) {
            (true, ..) => "interrupted; to continue",
            (_, None, _) => "to resume",
            (_, Some(_), None) if is_single => "to resume, with the same bytes",
            _ => {
                output::note(
                    "the home cannot store the state of uploads: upload a file at a time with --document-id and \
                     --request-id, or start again",
                );
                "to start again"
            }
        };
        output::note(&format!("{how}: {command}"));
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.open_uploads.0.borrow_mut().remove(&self.request_id);
    }
}

/// Returns the command of this run in shell syntax, with a request id unless it has one.
fn command(request_id: Option<Uuid>) -> String {
    let given = std::env::args_os().collect::<Vec<_>>();
    let has_one = given.iter().any(|argument| {
        let argument = argument.as_encoded_bytes();
        argument.starts_with(b"--request-id")
    });
    let mut words = given.iter().map(|word| quoted(word)).collect::<Vec<_>>();
    let place = given.iter().position(|word| word == UPLOAD);
    if let (Some(id), Some(place), false) = (request_id, place, has_one) {
        words.insert(place + 1, format!("--request-id {id}"));
    }
    words.join(" ")
}

/// Quotes a word for a shell if necessary.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |character: char| character.is_alphanumeric() || PLAIN.contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        for (word, written) in [
            ("--server=http://[::1]:1", "'--server=http://[::1]:1'"),
            ("a/b-c_d.txt", "a/b-c_d.txt"),
            ("été", "été"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(quoted(word.as_ref()), written);
        }
    }
}
