//! Tokenizers: those of OpenAI, which are `built_in`, and files in a `folder`: those of `hugging_face`, and models of
//! `sentence_piece`.
//!
//! To add a format: a file that makes a `Tokenizer` of a file's bytes, and a line in `folder`. `locality` decides
//! which places no token crosses; without a proof the count of every chunk is made anew.

mod built_in;
pub mod folder;
mod hugging_face;
mod locality;
mod sentence_piece;
mod widest_character;
