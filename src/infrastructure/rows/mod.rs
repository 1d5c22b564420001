//! What rows mean: each noun out of its columns, which have the same names in every store.

pub(super) mod access;
pub(super) mod chunk;
pub(super) mod collection;
pub(super) mod document;
pub(super) mod operation;
pub(super) mod partition;
pub(super) mod upload;
