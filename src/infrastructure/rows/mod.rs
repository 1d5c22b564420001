//! Reads rows, and answers requests whose row exists already. The code is the same for every store, because the
//! columns have the same names.

pub(super) mod audit;
pub(super) mod change;
pub(super) mod chunk;
pub(super) mod collection;
pub(super) mod copies;
pub(super) mod deletion;
pub(super) mod document;
pub(super) mod identity;
pub(super) mod operation;
pub(super) mod parents;
pub(super) mod partition;
pub(super) mod preferences;
pub(super) mod spec;
pub(super) mod structure;
mod tokenizer;
pub(super) mod upload;
