//! Finds tokenizers by name: built in, or in a folder.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::application::ports::import_root::Stamp;
use crate::application::ports::tokenizers::{Error, Tokenizers};
use crate::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};
use crate::domain::ingest::digest;
use crate::infrastructure::import_root::{HardLinks, Root};
use crate::infrastructure::tokenizers::{built_in, hugging_face, sentence_piece};

/// The longest file of a tokenizer. Those of models in use have up to 35 MB.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most files that are kept in memory. One takes up to ten times its length.
const FILES_MAX: usize = 4;

/// The tokenizers that are built in, and those in a folder.
#[derive(Debug)]
pub struct TokenizerFolder {
    root: Option<Root>,
    /// One thread reads at a time, so that a file is read once.
    read: Mutex<ReadFiles>,
}

/// The files that were read, by name.
#[derive(Debug, Default)]
struct ReadFiles {
    files: BTreeMap<String, ReadFile>,
    /// Counts uses, to tell which file was used last.
    uses: u64,
}

#[derive(Debug)]
struct ReadFile {
    stamp: Stamp,
    /// A refusal is kept too, so that a bad file is read once.
    result: Result<SharedTokenizer, Error>,
    used: u64,
}

impl TokenizerFolder {
    /// Returns the tokenizers that are built in, and those in the directory `root`. An empty path means no directory.
    ///
    /// # Errors
    ///
    /// Fails if the path is not a directory or cannot be read.
    pub fn open(root: &Path) -> io::Result<Self> {
        let is_set = !root.as_os_str().is_empty();
        let root = is_set.then(|| Root::open(root, HardLinks::Allow));
        Ok(Self {
            root: root.transpose()?,
            read: Mutex::default(),
        })
    }

    fn files(&self) -> MutexGuard<'_, ReadFiles> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokenizers for TokenizerFolder {
    fn find(&self, id: &TokenizerId) -> Result<SharedTokenizer, Error> {
        if let Some(tokenizer) = built_in::named(id.name()) {
            return Ok(tokenizer);
        }
        let root = self.root.as_ref().ok_or(Error::NoRoot)?;
        let opened = root
            .open_file(id.name())
            .map_err(|error| unreadable(&error))?;
        let (file, stamp) = opened.ok_or(Error::NotFound)?;
        let mut files = self.files();
        files.uses += 1;
        let used = files.uses;
        if let Some(known) = files.files.get_mut(id.name())
            && known.stamp == stamp
        {
            known.used = used;
            return known.result.clone();
        }
        files.make_room();
        let result = read(id, file, stamp);
        // A file that could not be read may be readable next time.
        if !matches!(result, Err(Error::Unreadable { .. })) {
            let result = result.clone();
            let name = id.name().to_owned();
            files.files.insert(
                name,
                ReadFile {
                    stamp,
                    result,
                    used,
                },
            );
        }
        result
    }
}

impl ReadFiles {
    /// Drops the file that was used least recently, if there are too many. Uploads that count with it keep it.
    fn make_room(&mut self) {
        while self.files.len() >= FILES_MAX {
            let oldest = self.files.iter().min_by_key(|(_, file)| file.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            self.files.remove(&name);
        }
    }
}

fn read(id: &TokenizerId, file: std::fs::File, stamp: Stamp) -> Result<SharedTokenizer, Error> {
    let too_large = |bytes| Error::TooLarge {
        bytes,
        most: FILE_BYTES_MAX,
    };
    if stamp.bytes > FILE_BYTES_MAX {
        return Err(too_large(stamp.bytes));
    }
    let mut content = Vec::new();
    // The file may grow meanwhile.
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content);
    let bytes = read.map_err(|error| unreadable(&error))? as u64;
    if bytes > FILE_BYTES_MAX {
        return Err(too_large(bytes));
    }
    let id = TokenizerId::new(id.name()).map_err(|error| Error::Refused {
        reason: error.to_string(),
    })?;
    let id = id.pinned(digest::sha256(&content));
    let is_json = matches!(content.trim_ascii_start().first(), Some(b'{' | b'['));
    let tokenizer = if is_json {
        hugging_face::read(id, &content)
    } else {
        sentence_piece::converted(&content).and_then(|json| hugging_face::made(id, json))
    };
    tokenizer.map_err(|reason| Error::Refused { reason })
}

fn unreadable(error: &io::Error) -> Error {
    Error::Unreadable {
        reason: error.to_string(),
    }
}
