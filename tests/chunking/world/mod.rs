//! The documents and specs of the laws, and the functions that run a document through the engine.

pub(crate) mod charset;
pub(crate) mod documents;
pub(crate) mod run;
pub(crate) mod specs;
