//! The whole store: every noun's port.

use std::fmt::Debug;

use crate::application::ports::chunks::Chunks;
use crate::application::ports::collections::Collections;
use crate::application::ports::documents::Documents;
use crate::application::ports::operations::Operations;
use crate::application::ports::partitions::Partitions;
use crate::application::ports::uploads::Uploads;

/// A store of collections, documents and chunks.
pub trait Store:
    Chunks + Collections + Documents + Operations + Partitions + Uploads + Debug
{
}

impl<T> Store for T where
    T: Chunks + Collections + Documents + Operations + Partitions + Uploads + Debug
{
}
