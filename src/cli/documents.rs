//! The documents that the arguments name: files, all files of directories, or the standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use walkdir::WalkDir;

use crate::cli::output;

/// A document to read.
#[derive(Debug)]
pub(super) enum Document {
    File(PathBuf),
    StandardInput,
}

impl Document {
    /// Every document that `paths` name, in the order of their names; the standard input for `-`
    /// and for no path at all.
    pub(super) fn all(paths: &[PathBuf]) -> Box<dyn Iterator<Item = anyhow::Result<Self>> + '_> {
        if paths.is_empty() {
            return Box::new(std::iter::once(Ok(Self::StandardInput)));
        }
        Box::new(paths.iter().flat_map(|path| Self::under(path)))
    }

    /// The document, or all documents of the directory, and not those that links lead to.
    fn under(path: &Path) -> Box<dyn Iterator<Item = anyhow::Result<Self>>> {
        if path == Path::new("-") {
            return Box::new(std::iter::once(Ok(Self::StandardInput)));
        }
        if !path.is_dir() {
            return Box::new(std::iter::once(Ok(Self::File(path.to_owned()))));
        }
        let entries = WalkDir::new(path).sort_by_file_name().into_iter();
        let files = entries.filter(|entry| {
            entry
                .as_ref()
                .map_or(true, |entry| entry.file_type().is_file())
        });
        Box::new(files.map(|entry| Ok(Self::File(entry?.into_path()))))
    }

    /// What messages and output call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::StandardInput => "-".to_owned(),
        }
    }

    /// Opens it, with its length if that is known.
    pub(super) fn open(&self) -> anyhow::Result<(Box<dyn Read>, Option<u64>)> {
        match self {
            Self::StandardInput => Ok((Box::new(io::stdin().lock()), None)),
            Self::File(path) => {
                let file = File::open(path).context("cannot be opened")?;
                let about = file.metadata().context("cannot be read")?;
                ensure!(!output::is_output(&about), "is where the output goes");
                Ok((Box::new(file), about.is_file().then_some(about.len())))
            }
        }
    }
}
