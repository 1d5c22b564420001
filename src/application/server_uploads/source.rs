//! The sources of uploads whose bytes no client sends.
//!
//! To add a source: its port lists the uploads that have not ended, its reader starts at any byte, and
//! `bootstrap` runs a worker for it.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::uploads::{Declared, Upload};
use crate::application::uploads::write::Write;

/// Supplies the bytes of one kind of uploads.
#[async_trait]
pub trait SourceProvider: Debug + Send + Sync {
    /// Returns at most `rows` of its uploads that have not ended, of all tenants, the oldest first.
    async fn running(&self, rows: u32) -> Result<Vec<Upload>, Error>;
    /// Opens the source of an upload from byte `at` on, up to which it is committed. The caller has attached to the
    /// upload.
    async fn open(
        &self,
        caller: &Caller,
        upload: &Upload,
        at: u64,
    ) -> Result<Box<dyn SourceReader>, Error>;
}

/// A source that is being read.
#[async_trait]
pub trait SourceReader: Debug + Send {
    /// Returns the declarations about the whole source, known before its bytes are read.
    fn declared(&self) -> Declared;
    /// Returns the next bytes. `None` means the end of the source.
    async fn next(&mut self) -> Result<Option<Write>, Error>;
}
