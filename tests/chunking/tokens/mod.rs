//! Limits in tokens: exact for each kind of tokenizer, on random documents, with bounded work.

mod documents;
mod exact;
mod work;

/// A tokenizer of each kind: both built-in ones, word pieces, a unigram model, byte pairs within words, byte pairs across words, and models of
/// SentencePiece.
const TOKENIZERS: [&str; 8] = [
    "cl100k_base",
    "o200k_base",
    "word_piece.json",
    "unigram.json",
    "byte_level.json",
    "crossing.json",
    "sentence_piece_unigram.model",
    "sentence_piece_bpe.model",
];
