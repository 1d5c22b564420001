//! Specs and policies in which no field has its default.

use sluice::domain::chunking::tokens::tokenizer::TokenizerId;
use sluice::interface::grpc::pb;

const REPLACE: i32 = 2;

/// A spec in which no field has its default.
pub(crate) fn tuned_chunking() -> pb::ChunkingSpec {
    let sizes = vec![1_600, 400];
    pb::ChunkingSpec {
        strategy: Some(pb::Strategy::Recursive.into()),
        measure: Some(pb::Measure::Characters.into()),
        max_size: Some(400),
        min_size: Some(200),
        overlap: Some(50),
        max_bytes: Some(2_000),
        packing: Some(pb::Packing::Full.into()),
        separators: Some(separators(&["|"])),
        levels: Some(pb::SizeLevels { sizes }),
        max_tokens: Some(500),
        reserve_tokens: Some(2),
        tokenizer: Some(tokenizer("o200k_base")),
    }
}

/// Returns a built-in tokenizer with its digest.
pub(crate) fn tokenizer(name: &str) -> pb::Tokenizer {
    let id = TokenizerId::built_in(name).unwrap();
    pb::Tokenizer {
        name: name.to_owned(),
        sha256: id.sha256().unwrap().to_vec().into(),
    }
}

pub(crate) fn tuned_decoding() -> pb::DecodingPolicy {
    pb::DecodingPolicy {
        charset: Some("windows-1252".to_owned()),
        invalid: Some(REPLACE),
        nul: Some(REPLACE),
        keep_byte_order_mark: Some(true),
    }
}

pub(crate) fn separators(level: &[&str]) -> pb::Separators {
    let separators = level.iter().map(|separator| (*separator).to_owned());
    let level = pb::SeparatorLevel {
        separators: separators.collect(),
    };
    pb::Separators {
        levels: vec![level],
        keep: pb::Keep::After.into(),
    }
}
