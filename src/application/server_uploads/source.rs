//! Where the bytes of an upload come from that no client sends.
//!
//! To add an origin: its port lists what has not ended, its source reads on from any byte, `bootstrap`
//! runs a copier for it.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::uploads::{Declared, Upload};
use crate::application::uploads::write::Write;

/// Has the bytes of a kind of uploads.
#[async_trait]
pub trait Origin: Debug + Send + Sync {
    /// At most `rows` of those uploads that have not ended, of all tenants, the oldest first.
    async fn running(&self, rows: u32) -> Result<Vec<Upload>, Error>;
    /// The source of one of them from byte `at` on, up to which it is committed. The caller has
    /// attached to it.
    async fn open(
        &self,
        caller: &Caller,
        upload: &Upload,
        at: u64,
    ) -> Result<Box<dyn Source>, Error>;
}

/// A source under way.
#[async_trait]
pub trait Source: Debug + Send {
    /// What is known of the whole before it is read.
    fn declared(&self) -> Declared;
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Result<Option<Write>, Error>;
}
