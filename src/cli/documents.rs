//! The documents that the arguments name: files, all files of directories, or the standard input.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use flate2::bufread::MultiGzDecoder;
use walkdir::WalkDir;

use crate::cli::output;

/// A document to read.
#[derive(Clone, Debug)]
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

    /// Whether it can be read again.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
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
                let is_plain = about.is_file();
                match Packing::of(path)? {
                    Some(packing) => Ok((packing.unpack(file)?, None)),
                    None => Ok((Box::new(file), is_plain.then_some(about.len()))),
                }
            }
        }
    }
}

/// How a whole file is compressed. What is in it is the document.
#[derive(Clone, Copy, Debug)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// The packing that a file's first bytes show. Pipes are taken as they are: to look would be
    /// to take.
    fn of(path: &Path) -> anyhow::Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let mut first = Vec::new();
        let file = File::open(path).context("cannot be opened")?;
        file.take(4)
            .read_to_end(&mut first)
            .context("cannot be read")?;
        // RFC 1952, 2.3.1, and RFC 8878, 3.1.1.
        Ok(match first.as_slice() {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD] => Some(Self::Zstd),
            _ => None,
        })
    }

    fn unpack(self, file: File) -> anyhow::Result<Box<dyn Read>> {
        let file = BufReader::new(file);
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(file)),
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(file);
                Box::new(decoder.context("cannot be read")?)
            }
        })
    }
}
