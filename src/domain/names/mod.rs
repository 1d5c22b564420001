//! Names: of resources, of the documents that are made of files, and of files below the import root.
//!
//! To add a kind of name: a type that is parsed once at the border and valid ever after, with the characters that
//! `unseen` refuses, and a target in `fuzz`.

pub mod document_id;
pub mod path;
pub mod resource;
mod unseen;
