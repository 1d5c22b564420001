//! The source of an import: a file that has to stay what it was when it was asked for.

use std::sync::Arc;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::import_root::{ImportRoot, OpenFile, Stamp};
use crate::application::ports::store::Store;
use crate::application::ports::uploads::{Declared, Upload};
use crate::application::server_uploads::source::{Origin, Source};
use crate::application::uploads::write::Write;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest::Running;

/// The files of imports.
#[derive(Debug)]
pub struct Files {
    /// Where imports are.
    pub store: Arc<dyn Store>,
    /// Where their files are.
    pub root: Arc<dyn ImportRoot>,
}

/// A file under way.
#[derive(Debug)]
struct FileSource {
    file: Box<dyn OpenFile>,
    /// What it was when it was asked for.
    stamp: Stamp,
    /// The next byte.
    at: u64,
}

#[async_trait]
impl Origin for Files {
    async fn running(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        Ok(self.store.running_imports(rows).await?)
    }

    async fn open(
        &self,
        caller: &Caller,
        upload: &Upload,
        at: u64,
    ) -> Result<Box<dyn Source>, Error> {
        let import = upload.import.as_ref().ok_or(Error::SourceChanged)?;
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
            // As it is since the caller has attached, which may be further than when it was listed.
            let upload = self.store.upload(caller, &upload.uid).await?;
            let upload = upload.ok_or(Error::NotFound { kind: "upload" })?;
            let committed = Checkpoint::decode(&upload.checkpoint)?.source_sha256()?;
            source.skip(at, committed).await?;
        }
        Ok(Box::new(source))
    }
}

impl FileSource {
    /// Goes to a byte. What is before it has to have that digest: a stamp can be set back.
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
impl Source for FileSource {
    fn declared(&self) -> Declared {
        Declared {
            sha256: None,
            total_size: Some(self.stamp.bytes),
        }
    }

    async fn next(&mut self) -> Result<Option<Write>, Error> {
        let (content, stamp) = self.file.read(self.at).await?;
        let is_end = self.at >= self.stamp.bytes;
        // Looked at after the bytes were read: what came from another file is never taken.
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
