//! Specs and decoding policies, with the fields that are set.

use serde_json::{Map, Value, json};

use crate::cli::json::fields::digest;
use crate::interface::grpc::pb;

/// Returns the fields of a chunking spec.
pub(super) fn chunking(spec: &pb::ChunkingSpec) -> Value {
    let words = (spec.strategy(), spec.measure(), spec.packing());
    let pb::ChunkingSpec {
        strategy,
        measure,
        max_size,
        min_size,
        overlap,
        max_bytes,
        packing,
        separators,
        levels: sizes,
        max_tokens,
        reserve_tokens,
        tokenizer,
    } = spec;
    object([
        ("strategy", word(*strategy, words.0.as_str_name())),
        ("measure", word(*measure, words.1.as_str_name())),
        ("max_size", max_size.map(Value::from)),
        ("min_size", min_size.map(Value::from)),
        ("overlap", overlap.map(Value::from)),
        ("max_bytes", max_bytes.map(Value::from)),
        ("packing", word(*packing, words.2.as_str_name())),
        ("levels", sizes.as_ref().map(|levels| json!(levels.sizes))),
        ("max_tokens", max_tokens.map(Value::from)),
        ("reserve_tokens", reserve_tokens.map(Value::from)),
        ("tokenizer", tokenizer.as_ref().map(tokenizer_fields)),
        ("separators", separators.as_ref().map(levels)),
        ("keep", separators.as_ref().and_then(keep)),
    ])
}

/// Returns the name and digest of a tokenizer.
fn tokenizer_fields(tokenizer: &pb::Tokenizer) -> Value {
    let pb::Tokenizer { name, sha256 } = tokenizer;
    json!({ "name": name, "sha256": digest(sha256) })
}

/// Returns the separators, level by level.
fn levels(separators: &pb::Separators) -> Value {
    let pb::Separators { levels, keep: _ } = separators;
    let levels = levels.iter().map(|level| {
        let pb::SeparatorLevel { separators } = level;
        json!(separators)
    });
    levels.collect()
}

/// Returns the chunk that separators belong to. `None` means that it is not set.
fn keep(separators: &pb::Separators) -> Option<Value> {
    let keep = separators.keep();
    let set = (keep != pb::Keep::Unspecified).then_some(separators.keep);
    word(set, keep.as_str_name())
}

/// Returns the fields of a decoding policy.
pub(super) fn decoding(policy: &pb::DecodingPolicy) -> Value {
    let words = (policy.invalid(), policy.nul());
    let pb::DecodingPolicy {
        charset,
        invalid,
        nul,
        keep_byte_order_mark,
    } = policy;
    object([
        ("charset", charset.clone().map(Value::from)),
        ("invalid", word(*invalid, words.0.as_str_name())),
        ("nul", word(*nul, words.1.as_str_name())),
        (
            "keep_byte_order_mark",
            keep_byte_order_mark.map(Value::from),
        ),
    ])
}

/// Returns the word of a value on the command line: `STRATEGY_FIXED` is `fixed`.
fn word(value: Option<i32>, name: &str) -> Option<Value> {
    let (_, word) = name.rsplit_once('_')?;
    value.map(|_| Value::from(word.to_lowercase()))
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter();
    let set = fields.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}
