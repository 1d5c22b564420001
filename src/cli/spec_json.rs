//! Specs and decoding policies in JSON output: the fields that are set.

use serde_json::{Map, Value, json};

use crate::interface::grpc::pb;

/// A chunking spec.
pub(super) fn chunking(spec: &pb::ChunkingSpec) -> Value {
    let levels = |separators: &pb::Separators| {
        let levels = separators.levels.iter();
        levels
            .map(|level| level.separators.clone())
            .collect::<Vec<_>>()
    };
    object([
        (
            "strategy",
            word(spec.strategy, spec.strategy().as_str_name()),
        ),
        ("measure", word(spec.measure, spec.measure().as_str_name())),
        ("max_size", spec.max_size.map(Value::from)),
        ("min_size", spec.min_size.map(Value::from)),
        ("overlap", spec.overlap.map(Value::from)),
        ("max_bytes", spec.max_bytes.map(Value::from)),
        ("packing", word(spec.packing, spec.packing().as_str_name())),
        (
            "separators",
            spec.separators.as_ref().map(|set| json!(levels(set))),
        ),
        (
            "keep",
            spec.separators
                .as_ref()
                .and_then(|set| word(Some(set.keep), set.keep().as_str_name())),
        ),
    ])
}

/// A decoding policy.
pub(super) fn decoding(policy: &pb::DecodingPolicy) -> Value {
    let pb::DecodingPolicy {
        charset,
        keep_byte_order_mark,
        ..
    } = policy;
    object([
        ("charset", charset.clone().map(Value::from)),
        (
            "invalid",
            word(policy.invalid, policy.invalid().as_str_name()),
        ),
        ("nul", word(policy.nul, policy.nul().as_str_name())),
        (
            "keep_byte_order_mark",
            keep_byte_order_mark.map(Value::from),
        ),
    ])
}

/// The word that the command line has for a value: `STRATEGY_FIXED` is `fixed`.
fn word(value: Option<i32>, name: &str) -> Option<Value> {
    let (_, word) = name.rsplit_once('_')?;
    value.map(|_| Value::from(word.to_lowercase()))
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter();
    let set = fields.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}
