//! The source of a document: a file, or the standard input. Opened once and read to its end.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use crate::cli::terminal::output;
use crate::domain::names::document_id::{normalized, of_path};
use crate::domain::names::resource::DocumentId;

/// The id of the document from the standard input, unless one is given.
const STANDARD_INPUT_ID: &str = "stdin";

/// Other paths of the standard input. If it is a socket, it cannot be opened through them.
const STANDARD_INPUT_PATHS: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// The location of a document's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Location {
    File(PathBuf),
    StandardInput,
}

/// A document to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Source {
    place: Location,
    /// The path from which the document id is derived.
    id_path: Vec<u8>,
    is_below_folder: bool,
}

/// An open source.
pub(crate) struct Opened {
    /// The bytes, decompressed if the source is compressed.
    pub(crate) bytes: Box<dyn Read + Send>,
    /// The length in bytes. `None` means that it is unknown.
    pub(crate) length: Option<u64>,
    /// The identity of the file. `None` means that it cannot be opened again for the same bytes, as with a pipe.
    pub(crate) stamp: Option<Stamp>,
}

/// The identity of a file and its content.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Stamp {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) length: u64,
    /// The time of the last modification.
    pub(crate) modified_seconds: i64,
    pub(crate) modified_nanos: i64,
}

impl Source {
    /// Returns the standard input.
    pub(crate) fn standard_input() -> Self {
        Self {
            place: Location::StandardInput,
            id_path: STANDARD_INPUT_ID.into(),
            is_below_folder: false,
        }
    }

    /// Returns a file that was named by this path.
    pub(crate) fn named(path: &Path) -> Self {
        Self {
            place: Location::File(path.to_owned()),
            id_path: normalized(path.as_os_str().as_encoded_bytes()),
            is_below_folder: false,
        }
    }

    /// Returns a file below a folder.
    pub(crate) fn below(folder: &Path, path: PathBuf) -> Self {
        let within = path.strip_prefix(folder).unwrap_or(&path);
        Self {
            id_path: normalized(within.as_os_str().as_encoded_bytes()),
            place: Location::File(path),
            is_below_folder: true,
        }
    }

    /// Whether the file was found below a folder, instead of being named itself.
    pub(crate) fn is_below_folder(&self) -> bool {
        self.is_below_folder
    }

    /// Returns the name in messages and output.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Location::File(path) => path.display().to_string(),
            Location::StandardInput => "-".to_owned(),
        }
    }

    /// Returns the absolute path. `None` means the standard input.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.place {
            Location::File(path) => std::path::absolute(path).ok(),
            Location::StandardInput => None,
        }
    }

    /// Returns the default id of the document, derived from the path.
    pub(crate) fn document_id(&self) -> anyhow::Result<DocumentId> {
        of_path(&self.id_path).with_context(|| format!("{}: the path names no file", self.name()))
    }

    /// Opens the source. Waits until a named pipe has a writer.
    pub(crate) fn open(&self) -> anyhow::Result<Opened> {
        let is_standard_input = match &self.place {
            Location::File(path) => STANDARD_INPUT_PATHS
                .iter()
                .any(|other| path == Path::new(other)),
            Location::StandardInput => true,
        };
        let file = match &self.place {
            Location::File(path) if !is_standard_input => File::open(path),
            Location::File(_) | Location::StandardInput => {
                io::stdin().as_fd().try_clone_to_owned().map(File::from)
            }
        };
        let file = file.context("cannot be opened")?;
        let metadata = file.metadata().context("cannot be read")?;
        ensure!(!output::is_output(&metadata), "is also the output file");
        let is_regular = metadata.is_file() && !is_standard_input;
        let (packing, first, file) = Compression::detect(file).context("cannot be read")?;
        let whole = Cursor::new(first).chain(file);
        let bytes: Box<dyn Read + Send> = match packing {
            None => Box::new(whole),
            Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
            Some(Compression::Zstd) => {
                let decoder = zstd::stream::read::Decoder::new(whole);
                Box::new(decoder.context("cannot be read")?)
            }
        };
        let is_length_known = metadata.is_file() && packing.is_none();
        Ok(Opened {
            bytes,
            length: is_length_known.then_some(metadata.len()),
            stamp: is_regular.then(|| Stamp::of(&metadata)),
        })
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified_seconds: metadata.mtime(),
            modified_nanos: metadata.mtime_nsec(),
        }
    }
}

/// The compression of a whole source. The document is the decompressed content.
#[derive(Clone, Copy, Debug)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// The first bytes of each format (RFC 1952, 2.3.1, and RFC 8878, 3.1.1).
    const MAGIC: [(&[u8], Self); 2] =
        [(b"\x1F\x8B", Self::Gzip), (b"\x28\xB5\x2F\xFD", Self::Zstd)];

    /// Reads only as many bytes as the decision needs, because the second byte of a pipe may arrive an hour later.
    /// Returns these bytes, because they are not read again.
    fn detect(mut file: File) -> io::Result<(Option<Self>, Vec<u8>, File)> {
        let mut first = Vec::new();
        loop {
            if let Some((_, packing)) = Self::MAGIC.iter().find(|(magic, _)| first == *magic) {
                return Ok((Some(*packing), first, file));
            }
            let is_open = Self::MAGIC
                .iter()
                .any(|(magic, _)| magic.starts_with(&first));
            if !is_open || read_some(&mut file, &mut first)? == 0 {
                return Ok((None, first, file));
            }
        }
    }
}

/// Reads one byte.
fn read_some(file: &mut File, bytes: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        match file.by_ref().take(1).read_to_end(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
