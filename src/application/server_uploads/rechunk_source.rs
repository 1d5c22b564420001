//! The source of a stored version: its chunks, read a page at a time and encoded again.

use std::sync::Arc;
use std::vec;

use async_trait::async_trait;
use bytes::Bytes;

use crate::application::caller::Caller;
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::ports::chunks::CHUNK_PAGE_ROWS;
use crate::application::ports::chunks::{Chunk, VersionKey};
use crate::application::ports::documents::Version;
use crate::application::ports::store::Store;
use crate::application::ports::uploads::{Declared, Upload, UploadSource};
use crate::application::server_uploads::source::{SourceProvider, SourceReader};
use crate::application::uploads::write::{CONTENT_BYTES_MAX, Write};
use crate::domain::ingest::recovery::{Recovery, Unrecoverable};

/// The sources of rechunks: stored versions.
#[derive(Debug)]
pub struct Versions {
    /// The store of versions.
    pub store: Arc<dyn Store>,
}

/// A stored version that is being read. Holds one page of chunks.
#[derive(Debug)]
struct StoredSource {
    store: Arc<dyn Store>,
    caller: Caller,
    of: VersionKey,
    version: Version,
    recovery: Recovery,
    /// The ordinal of the next chunk.
    ordinal: u64,
    page: vec::IntoIter<Chunk>,
    /// The bytes of the last chunk that did not fit in a message.
    rest: Bytes,
}

#[async_trait]
impl SourceProvider for Versions {
    async fn running(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        Ok(self.store.running_rechunks(rows).await?)
    }

    async fn open(
        &self,
        caller: &Caller,
        upload: &Upload,
        at: u64,
    ) -> Result<Box<dyn SourceReader>, Error> {
        let store = Arc::clone(&self.store);
        let caller = caller.clone();
        let source = StoredSource::open(store, caller, upload, at).await?;
        Ok(Box::new(source))
    }
}

#[async_trait]
impl SourceReader for StoredSource {
    /// Declares the digest and length of the version's source: other bytes are not its source.
    fn declared(&self) -> Declared {
        Declared {
            sha256: Some(self.version.source_sha256),
            total_size: Some(self.version.source_bytes),
        }
    }

    async fn next(&mut self) -> Result<Option<Write>, Error> {
        while self.rest.is_empty() && self.ordinal < self.version.chunks {
            let Chunk { chunk, text } = self.chunk().await?;
            self.ordinal += 1;
            let brought = self.recovery.chunk(chunk.span, &text);
            self.rest = brought.map_err(unrecoverable)?.into();
        }
        if self.rest.is_empty() {
            let brought = self.recovery.finish(self.version.source_bytes);
            self.rest = brought.map_err(unrecoverable)?.into();
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let write_offset = self.recovery.at() - self.rest.len() as u64;
        let content = self.rest.split_to(self.rest.len().min(CONTENT_BYTES_MAX));
        Ok(Some(Write {
            write_offset: i64::try_from(write_offset).unwrap_or(i64::MAX),
            content,
            ..Write::default()
        }))
    }
}

impl StoredSource {
    /// Opens the source of a rechunk, from byte `at` on.
    ///
    /// Fails if the document is deleted, the version is no longer current, or its chunks are gone. In each case the
    /// rechunk has ended.
    async fn open(
        store: Arc<dyn Store>,
        caller: Caller,
        rechunk: &Upload,
        at: u64,
    ) -> Result<Self, Error> {
        let UploadSource::Rechunk { source_version } = rechunk.source else {
            return Err(Error::VersionGone);
        };
        let document = store.document_of(&caller, &rechunk.document_uid).await?;
        let document = document.ok_or(Error::DocumentDeleted)?;
        let of = VersionKey {
            document: document.uid,
            partition: document.partition,
            version: source_version,
        };
        let version = document
            .current
            .filter(|current| current.version == source_version)
            .ok_or(Error::VersionGone)?;
        let mut source = Self {
            store,
            caller,
            of,
            recovery: Recovery::new(version.charset, at),
            version,
            ordinal: 0,
            page: Vec::new().into_iter(),
            rest: Bytes::new(),
        };
        source.ordinal = source.ordinal_at(at).await?;
        Ok(source)
    }

    async fn chunk(&mut self) -> Result<Chunk, Error> {
        if self.page.len() == 0 {
            self.page = self.read(self.ordinal, CHUNK_PAGE_ROWS).await?.into_iter();
        }
        self.page.next().ok_or(Error::VersionGone)
    }

    /// Reads chunks from an ordinal on, at least one.
    async fn read(&mut self, from: u64, rows: u32) -> Result<Vec<Chunk>, Error> {
        loop {
            let page = self.store.chunks(&self.caller, self.of, from, rows).await?;
            let first = page.first().map(|first| first.chunk.ordinal);
            // A sweep removes the first chunks first.
            if first == Some(from) {
                return Ok(page);
            }
            let store = self.store.as_ref();
            let of = &mut self.of;
            let document = &of.document;
            let partition = &mut of.partition;
            if !relocation::follow(store, &self.caller, document, partition).await? {
                return Err(Error::VersionGone);
            }
        }
    }

    /// Returns the ordinal of the last chunk that begins at or before this byte of the source, or else of the first
    /// chunk. Searches by bisection, because the starts of chunks increase.
    async fn ordinal_at(&mut self, at: u64) -> Result<u64, Error> {
        let mut ordinal = 0;
        let mut after = self.version.chunks;
        while at > 0 && after - ordinal > 1 {
            let middle = ordinal + (after - ordinal) / 2;
            let begins = self.read(middle, 1).await?;
            if begins
                .iter()
                .all(|chunk| chunk.chunk.span.start.source <= at)
            {
                ordinal = middle;
            } else {
                after = middle;
            }
        }
        Ok(ordinal)
    }
}

fn unrecoverable(_: Unrecoverable) -> Error {
    Error::SourceNotRecoverable
}
