//! The documents that the arguments name: files, all files below folders, and the standard input.
//!
//! Folders are walked as ripgrep walks them. Hidden files and files that `.gitignore` or `.ignore` exclude are
//! skipped, and links are not followed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ignore::{DirEntry, WalkBuilder};

use crate::cli::terminal::output::WrongArguments;
use crate::cli::uploads::source::Source;
use crate::domain::names::resource::DocumentId;

/// The most documents of one command. Their paths are held in memory, some hundred bytes each.
const SOURCES_MAX: usize = 1_000_000;

/// An entry that the arguments name.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A document.
    Source(Source),
    /// An entry of a folder that is neither a file nor a folder, with the reason why it is skipped.
    Skipped(String),
    /// An entry that cannot be read, with the reason.
    Failed(String),
}

/// Returns every document that `paths` name, sorted by name below each folder. `-` and empty `paths` mean the
/// standard input.
pub(crate) fn of(paths: &[PathBuf]) -> Box<dyn Iterator<Item = Entry> + '_> {
    if paths.is_empty() {
        return Box::new(std::iter::once(Entry::Source(Source::standard_input())));
    }
    Box::new(paths.iter().flat_map(|path| of_path(path)))
}

/// Whether `paths` name exactly one document. A folder may have any number.
pub(crate) fn is_single(paths: &[PathBuf]) -> bool {
    match paths {
        [] => true,
        [path] => path == Path::new("-") || !path.is_dir(),
        _ => false,
    }
}

fn of_path(path: &Path) -> Box<dyn Iterator<Item = Entry> + '_> {
    if path == Path::new("-") {
        Box::new(std::iter::once(Entry::Source(Source::standard_input())))
    } else if path.is_dir() {
        Box::new(below(path))
    } else {
        Box::new(std::iter::once(Entry::Source(Source::named(path))))
    }
}

/// Returns every document below a folder, sorted by name.
pub(crate) fn below(folder: &Path) -> impl Iterator<Item = Entry> {
    let walk = WalkBuilder::new(folder).sort_by_file_name(Ord::cmp).build();
    walk.flat_map(|entry| match entry {
        Ok(entry) => {
            // An ignore file has an invalid rule, so the excluded files are unknown.
            let fault = entry.error().map(|fault| Entry::Failed(fault.to_string()));
            fault.into_iter().chain(of_entry(folder, entry))
        }
        Err(error) => Some(Entry::Failed(error.to_string()))
            .into_iter()
            .chain(None),
    })
}

fn of_entry(folder: &Path, entry: DirEntry) -> Option<Entry> {
    let kind = entry.file_type()?;
    let skipped = |kind: &str| {
        let path = entry.path().display();
        Some(Entry::Skipped(format!(
            "{path}: skipped {kind}; name it as an argument to read it"
        )))
    };
    if kind.is_dir() || entry.depth() == 0 {
        None
    } else if kind.is_file() {
        Some(Entry::Source(Source::below(folder, entry.into_path())))
    } else if kind.is_symlink() {
        skipped("symbolic link")
    } else {
        skipped("special file")
    }
}

/// The documents of one command, with their ids.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The documents, each with a unique id.
    pub(crate) documents: Vec<(DocumentId, Source)>,
    /// The skipped entries of folders, with the reasons.
    pub(crate) skipped: Vec<String>,
    /// The unreadable entries of folders, with the reasons.
    pub(crate) failed: Vec<String>,
}

impl Sources {
    /// Collects the documents. `id` is for the only one.
    ///
    /// # Errors
    ///
    /// Fails if two documents have the same id, because the second would replace the first, or if there are too many.
    pub(crate) fn new(
        found: impl Iterator<Item = Entry>,
        id: Option<&DocumentId>,
    ) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for entry in found {
            match entry {
                Entry::Skipped(why) => all.skipped.push(why),
                Entry::Failed(why) => all.failed.push(why),
                Entry::Source(source) => {
                    let id = match id {
                        Some(id) => id.clone(),
                        None => source.document_id().context(WrongArguments)?,
                    };
                    all.documents.push((id, source));
                }
            }
            if all.documents.len() > SOURCES_MAX {
                let many =
                    format!("more than {SOURCES_MAX} files: name parts of the folder instead");
                return Err(anyhow::anyhow!(many).context(WrongArguments));
            }
        }
        all.check().context(WrongArguments)?;
        Ok(all)
    }

    fn check(&self) -> anyhow::Result<()> {
        let mut names = HashMap::with_capacity(self.documents.len());
        for (id, source) in &self.documents {
            if let Some(other) = names.insert(id, source) {
                bail!(
                    "{} and {} would both become the document {}: upload them one at a time, \
                     with --document-id",
                    other.name(),
                    source.name(),
                    id.as_str()
                );
            }
        }
        Ok(())
    }
}
