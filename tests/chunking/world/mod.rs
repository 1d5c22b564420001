//! What the laws are checked on, and how a document is run through the engine.

pub(crate) mod charset;
pub(crate) mod documents;
pub(crate) mod run;
pub(crate) mod specs;
