//! Names of resources, of documents made from files, and of files below the import root; and the uids of resources.
//!
//! To add a kind of name: a type that is parsed once at the boundary and valid from then on, which refuses the
//! characters of `unseen`, and a target in `fuzz`.

pub mod chunk_name;
pub mod document_id;
pub mod path;
pub mod resource;
pub mod uid;
mod unseen;
