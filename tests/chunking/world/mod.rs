//! The documents and specs of the laws, and the functions that run a document through the engine.

pub(crate) mod charset;
pub(crate) mod documents;
pub(crate) mod run;
pub(crate) mod sizes;
pub(crate) mod specs;
#[path = "../../private/tokenizers.rs"]
pub(crate) mod tokenizers;
