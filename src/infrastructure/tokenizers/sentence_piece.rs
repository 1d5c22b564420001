//! Models of SentencePiece (Kudo and Richardson, EMNLP 2018), as a `tokenizer.json`.
//!
//! The file is a Protocol Buffers message (`sentencepiece_model.proto`). Its normalizer and pieces have the same meaning
//! in a `tokenizer.json`, which [`hugging_face`](super::hugging_face) reads.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::{Value, json};

/// The mark of a space in pieces.
const SPACE: char = '\u{2581}';

const UNIGRAM: i32 = 1;
const BYTE_PAIRS: i32 = 2;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;

/// The parts of a model that decide tokens.
#[derive(Message)]
struct Model {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<Trainer>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<Normalizer>,
}

#[derive(Message)]
struct Piece {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

impl Piece {
    fn own_text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn own_score(&self) -> f32 {
        self.score.unwrap_or_default()
    }
}

#[derive(Message)]
struct Trainer {
    #[prost(int32, optional, tag = "3")]
    model: Option<i32>,
    #[prost(bool, optional, tag = "24")]
    has_space_after: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    has_bytes: Option<bool>,
}

#[derive(Message)]
struct Normalizer {
    #[prost(bytes = "vec", optional, tag = "2")]
    characters: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    begins_with_space: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    joins_spaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    marks_spaces: Option<bool>,
}

/// Returns the `tokenizer.json` of a model. The error is the reason why it is refused.
pub(super) fn converted(file: &[u8]) -> Result<Value, String> {
    let model = Model::decode(file);
    let model =
        model.map_err(|_other| "it is neither a tokenizer.json nor a SentencePiece model")?;
    let trainer = model.trainer.unwrap_or_default();
    let normalizer = model.normalizer.unwrap_or_default();
    if model.pieces.is_empty() {
        return Err("it is a SentencePiece model without pieces".to_owned());
    }
    if trainer.has_space_after == Some(true) || normalizer.marks_spaces == Some(false) {
        return Err("it is a SentencePiece model that treats spaces in another way".to_owned());
    }
    let has_bytes = trainer.has_bytes.unwrap_or(false);
    let tokens = match trainer.model.unwrap_or(UNIGRAM) {
        UNIGRAM => unigram(&model.pieces, has_bytes),
        BYTE_PAIRS => byte_pairs(&model.pieces, has_bytes),
        other => {
            return Err(format!(
                "its model of SentencePiece has type {other}, not unigram or BPE"
            ));
        }
    };
    let begins_with_space = normalizer.begins_with_space.unwrap_or(true);
    // If no piece has a space within it, words can be tokenized alone.
    let splits = !model
        .pieces
        .iter()
        .any(|piece| piece.own_text().chars().skip(1).any(|one| one == SPACE));
    Ok(json!({
        "version": "1.0",
        "added_tokens": added(&model.pieces),
        "normalizer": { "type": "Sequence", "normalizers": normalizers(&normalizer) },
        "pre_tokenizer": {
            "type": "Metaspace",
            "replacement": SPACE,
            "prepend_scheme": if begins_with_space { "always" } else { "never" },
            "split": splits && begins_with_space,
        },
        "model": tokens,
    }))
}

fn normalizers(from: &Normalizer) -> Vec<Value> {
    let mut normalizers = Vec::new();
    if let Some(characters) = from.characters.as_ref().filter(|map| !map.is_empty()) {
        let map = STANDARD.encode(characters);
        normalizers.push(json!({ "type": "Precompiled", "precompiled_charsmap": map }));
    }
    if from.joins_spaces.unwrap_or(true) {
        normalizers.push(json!({ "type": "Strip", "strip_left": true, "strip_right": true }));
        normalizers
            .push(json!({ "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": " " }));
    }
    normalizers
}

/// Returns the pieces that are always tokens of their own.
fn added(pieces: &[Piece]) -> Vec<Value> {
    let defined = pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| piece.kind == Some(USER_DEFINED));
    let tokens = defined.map(|(id, piece)| {
        json!({
            "id": id, "content": piece.own_text(), "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": true, "special": false,
        })
    });
    tokens.collect()
}

fn unigram(pieces: &[Piece], has_bytes: bool) -> Value {
    let unknown = pieces.iter().position(|piece| piece.kind == Some(UNKNOWN));
    let vocabulary = pieces.iter().map(|piece| {
        // Control pieces never stand in a text.
        let text = if piece.kind == Some(CONTROL) {
            format!("\0{}", piece.own_text())
        } else {
            piece.own_text().to_owned()
        };
        json!([text, piece.own_score()])
    });
    json!({
        "type": "Unigram",
        "unk_id": unknown,
        "byte_fallback": has_bytes,
        "vocab": vocabulary.collect::<Vec<_>>(),
    })
}

fn byte_pairs(pieces: &[Piece], has_bytes: bool) -> Value {
    let ids = pieces
        .iter()
        .enumerate()
        .map(|(id, piece)| (piece.own_text(), id));
    let ids = ids.collect::<BTreeMap<_, _>>();
    let unknown = pieces.iter().find(|piece| piece.kind == Some(UNKNOWN));
    json!({
        "type": "BPE",
        "unk_token": unknown.map(Piece::own_text),
        "fuse_unk": true,
        "byte_fallback": has_bytes,
        "vocab": ids,
        "merges": merges(pieces, &ids),
    })
}

/// Returns the pairs that are joined, first those whose joined piece has the highest score.
fn merges(pieces: &[Piece], ids: &BTreeMap<&str, usize>) -> Vec<[String; 2]> {
    let mut merges = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.kind.unwrap_or(1) == 1) {
        let text = piece.own_text();
        for (at, _) in text.char_indices().skip(1) {
            let (left, right) = text.split_at(at);
            if let (Some(first), Some(second)) = (ids.get(left), ids.get(right)) {
                merges.push((
                    piece.own_score(),
                    (*first, *second),
                    [left.to_owned(), right.to_owned()],
                ));
            }
        }
    }
    merges.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    merges.into_iter().map(|(_, _, pair)| pair).collect()
}
