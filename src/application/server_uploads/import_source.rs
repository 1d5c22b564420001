//! The source of an import: a file that must stay as it was when the import was requested.

use std::sync::Arc;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::import_root::{ImportRoot, OpenFile, Stamp};
use crate::application::ports::store::Store;
use crate::application::ports::uploads::{Declared, Upload, UploadSource};
use crate::application::server_uploads::source::{SourceProvider, SourceReader};
use crate::application::store_error;
use crate::application::uploads::write::Write;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest::Running;

/// The sources of imports: files below the import root.
#[derive(Debug)]
pub struct Files {
    /// The store of imports.
    pub store: Arc<dyn Store>,
    /// The root of their files.
    pub root: Arc<dyn ImportRoot>,
}

/// A file that is being read.
#[derive(Debug)]
struct FileSource {
    file: Box<dyn OpenFile>,
    /// The stamp when the import was requested.
    stamp: Stamp,
    /// The offset of the next byte.
    at: u64,
}

#[async_trait]
impl SourceProvider for Files {
    async fn running(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        Ok(self.store.running_imports(rows).await?)
    }

    async fn open(
        &self,
        caller: &Caller,
        upload: &Upload,
        at: u64,
    ) -> Result<Box<dyn SourceReader>, Error> {
        let UploadSource::Import(import) = &upload.source else {
            return Err(Error::SourceChanged);
        };
        let file = self.root.open(&import.path).await?;
        let file = file.ok_or(Error::SourceChanged)?;
        let mut source = FileSource {
            stamp: import.stamp,
            file,
            at: 0,
        };
        if source.file.stamp() != source.stamp {
            return Err(Error::SourceChanged);
        }
        if at > 0 {
            // Read again: since the caller attached, the upload may be further than when it was listed.
            let upload = self.store.upload(caller, &upload.uid).await?;
            let upload = upload.ok_or(Error::NotFound { kind: "upload" })?;
            let checkpoint = upload.checkpoint.ok_or(store_error::Error::Damaged {
                what: "an upload with committed bytes has no checkpoint",
                source: None,
            })?;
            let committed = Checkpoint::decode(&checkpoint)?.source_sha256()?;
            source.skip(at, committed).await?;
        }
        Ok(Box::new(source))
    }
}

impl FileSource {
    /// Skips to a byte. The bytes before it must have that digest, because a stamp can be set back.
    async fn skip(&mut self, to: u64, digest: [u8; 32]) -> Result<(), Error> {
        let mut before = Running::default();
        while self.at < to {
            let write = self.next().await?.ok_or(Error::SourceChanged)?;
            let rest = usize::try_from(to - (self.at - write.content.len() as u64));
            let rest = rest.unwrap_or(usize::MAX).min(write.content.len());
            before.update(&write.content[..rest]);
        }
        self.at = to;
        if before.sha256() == digest {
            Ok(())
        } else {
            Err(Error::SourceChanged)
        }
    }
}

#[async_trait]
impl SourceReader for FileSource {
    fn declared(&self) -> Declared {
        Declared {
            sha256: None,
            total_size: Some(self.stamp.bytes),
        }
    }

    async fn next(&mut self) -> Result<Option<Write>, Error> {
        let (content, stamp) = self.file.read(self.at).await?;
        let is_end = self.at >= self.stamp.bytes;
        // Checked after the bytes were read, so that bytes of another file are never used.
        if stamp != self.stamp || content.is_empty() != is_end {
            return Err(Error::SourceChanged);
        }
        if is_end {
            return Ok(None);
        }
        let write_offset = i64::try_from(self.at).unwrap_or(i64::MAX);
        self.at += content.len() as u64;
        Ok(Some(Write {
            write_offset,
            content,
            ..Write::default()
        }))
    }
}
