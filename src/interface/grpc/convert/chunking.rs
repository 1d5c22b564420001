//! Converts specs, decoding policies and positions.

use bytes::Bytes;

use crate::application::error::Error;
use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::strategy::Kind;
use crate::domain::chunking::tokens::tokenizer::TokenizerId;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};
use crate::domain::text::encoding::policy::{self, Choice};
use crate::domain::text::position;
use crate::domain::text::segmentation::separators::Keep;
use crate::interface::grpc::pb;

/// Converts the fields of a spec that a request sets.
///
/// # Errors
///
/// Fails with the field whose value is not valid.
pub fn partial(from: pb::ChunkingSpec) -> Result<Partial, Error> {
    let pb::ChunkingSpec {
        strategy,
        measure,
        max_size,
        min_size,
        overlap,
        max_bytes,
        packing,
        separators,
        levels,
        max_tokens,
        reserve_tokens,
        tokenizer,
    } = from;
    let strategy = match known("chunking.strategy", strategy)? {
        pb::Strategy::Unspecified => None,
        pb::Strategy::Fixed => Some(Kind::Fixed),
        pb::Strategy::Recursive => Some(Kind::Recursive),
        pb::Strategy::Sentence => Some(Kind::Sentence),
        pb::Strategy::Markdown => Some(Kind::Markdown),
        pb::Strategy::Hierarchical => Some(Kind::Hierarchical),
        pb::Strategy::Token => Some(Kind::Token),
    };
    let measure = match known("chunking.measure", measure)? {
        pb::Measure::Unspecified => None,
        pb::Measure::Characters => Some(Measure::Characters),
        pb::Measure::Bytes => Some(Measure::Bytes),
        pb::Measure::Words => Some(Measure::Words),
        pb::Measure::Tokens => Some(Measure::Tokens),
    };
    let packing = match known("chunking.packing", packing)? {
        pb::Packing::Unspecified => None,
        pb::Packing::Stable => Some(Packing::Stable),
        pb::Packing::Full => Some(Packing::Full),
    };
    let size = |size: Option<u32>| size.map(|size| size as usize);
    Ok(Partial {
        strategy,
        separators: separators.map(ladder).transpose()?,
        measure,
        min_size: size(min_size),
        max_size: size(max_size),
        overlap: size(overlap),
        max_bytes: size(max_bytes),
        levels: levels.map(size_levels).transpose()?,
        max_tokens: size(max_tokens),
        reserve_tokens: size(reserve_tokens),
        tokenizer: tokenizer.map(tokenizer_id).transpose()?,
        packing,
    })
}

/// Converts a tokenizer. Without a digest it is pinned when it is loaded.
fn tokenizer_id(from: pb::Tokenizer) -> Result<TokenizerId, Error> {
    let pb::Tokenizer { name, sha256 } = from;
    let id =
        TokenizerId::new(&name).map_err(|error| Error::invalid("chunking.tokenizer", error))?;
    if sha256.is_empty() {
        return Ok(id);
    }
    let sha256 = sha256.as_ref().try_into();
    let sha256 = sha256.map_err(|_length| {
        Error::invalid("chunking.tokenizer", "sha256 must have 32 bytes, or none")
    })?;
    Ok(id.pinned(sha256))
}

fn to_tokenizer(from: &TokenizerId) -> pb::Tokenizer {
    pb::Tokenizer {
        name: from.name().to_owned(),
        sha256: from
            .sha256()
            .map_or_else(Bytes::new, |sha256| Bytes::from(sha256.to_vec())),
    }
}

/// Converts the fields of a decoding policy that a request sets.
///
/// # Errors
///
/// Fails with the field whose value is not valid.
pub fn partial_decoding(from: pb::DecodingPolicy) -> Result<policy::Partial, Error> {
    let pb::DecodingPolicy {
        charset,
        invalid,
        nul,
        keep_byte_order_mark,
    } = from;
    Ok(policy::Partial {
        charset: choice(charset.as_deref().unwrap_or_default())?,
        invalid: fault_policy("decoding.invalid", invalid)?,
        nul: fault_policy("decoding.nul", nul)?,
        byte_order_mark: keep_byte_order_mark.map(ByteOrderMark::keeping),
    })
}

/// Converts the fields of a spec and of a decoding policy that a request sets.
///
/// # Errors
///
/// Fails with the field whose value is not valid.
pub fn preferences(
    chunking: Option<pb::ChunkingSpec>,
    decoding: Option<pb::DecodingPolicy>,
) -> Result<Preferences, Error> {
    Ok(Preferences {
        chunking: partial(chunking.unwrap_or_default())?,
        decoding: partial_decoding(decoding.unwrap_or_default())?,
    })
}

/// Converts the spec of a request that has no collection.
///
/// # Errors
///
/// Fails with the field whose value is not valid or out of its bounds.
pub fn spec(from: pb::ChunkingSpec) -> Result<Spec, Error> {
    Ok(partial(from)?.over(&Partial::default())?)
}

/// Converts the decoding policy of a request that has no collection.
///
/// # Errors
///
/// Fails with the field whose value is not valid.
pub fn decoding(from: pb::DecodingPolicy) -> Result<Decoding, Error> {
    Ok(partial_decoding(from)?.over(&policy::Partial::default()))
}

/// Converts a spec, every field set.
#[must_use]
pub fn to_spec(spec: &Spec) -> pb::ChunkingSpec {
    to_partial(&Partial::from(spec))
}

/// Converts a decoding policy, every field set.
#[must_use]
pub fn to_decoding(decoding: Decoding) -> pb::DecodingPolicy {
    to_partial_decoding(&decoding.into())
}

/// Converts the fields of a spec that are set.
#[must_use]
pub fn to_partial(from: &Partial) -> pb::ChunkingSpec {
    let size = |size: Option<usize>| size.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
    let strategy = from.strategy.map(to_strategy);
    let measure = from.measure.map(|measure| match measure {
        Measure::Characters => pb::Measure::Characters,
        Measure::Bytes => pb::Measure::Bytes,
        Measure::Words => pb::Measure::Words,
        Measure::Tokens => pb::Measure::Tokens,
    });
    let packing = from.packing.map(|packing| match packing {
        Packing::Stable => pb::Packing::Stable,
        Packing::Full => pb::Packing::Full,
    });
    let level = |level: &Vec<String>| pb::SeparatorLevel {
        separators: level.clone(),
    };
    let separators = from.separators.as_ref();
    let keep = |keep| match keep {
        Keep::Before => pb::Keep::Before,
        Keep::After => pb::Keep::After,
    };
    pb::ChunkingSpec {
        strategy: strategy.map(i32::from),
        measure: measure.map(i32::from),
        max_size: size(from.max_size),
        min_size: size(from.min_size),
        overlap: size(from.overlap),
        max_bytes: size(from.max_bytes),
        packing: packing.map(i32::from),
        separators: separators.map(|separators| pb::Separators {
            levels: separators.levels().iter().map(level).collect(),
            keep: keep(separators.keep()).into(),
        }),
        levels: from.levels.as_ref().map(|levels| pb::SizeLevels {
            sizes: levels
                .sizes()
                .iter()
                .map(|one| size(Some(*one)).unwrap_or_default())
                .collect(),
        }),
        max_tokens: size(from.max_tokens),
        reserve_tokens: size(from.reserve_tokens),
        tokenizer: from.tokenizer.as_ref().map(to_tokenizer),
    }
}

/// Converts the fields of a decoding policy that are set.
#[must_use]
pub fn to_partial_decoding(from: &policy::Partial) -> pb::DecodingPolicy {
    let policy = |policy| match policy {
        Policy::Reject => i32::from(pb::FaultPolicy::Reject),
        Policy::Replace => i32::from(pb::FaultPolicy::Replace),
    };
    let mark = from.byte_order_mark;
    pb::DecodingPolicy {
        charset: from.charset.map(|choice| choice.label().to_owned()),
        invalid: from.invalid.map(policy),
        nul: from.nul.map(policy),
        keep_byte_order_mark: mark.map(|mark| mark == ByteOrderMark::Keep),
    }
}

/// Converts a position.
#[must_use]
pub fn to_position(from: position::Position) -> pb::Position {
    let position::Position {
        byte,
        character,
        line,
        source,
    } = from;
    pb::Position {
        byte: count(byte),
        character: count(character),
        line: count(line),
        source: count(source),
    }
}

/// Converts a count: protos have signed numbers, which every language can hold.
#[must_use]
pub fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the value of an enum field. An absent field has the value 0.
fn known<T: TryFrom<i32> + Default>(field: &'static str, value: Option<i32>) -> Result<T, Error> {
    match value {
        None => Ok(T::default()),
        Some(value) => T::try_from(value).map_err(|_unknown| Error::invalid(field, "is not known")),
    }
}

fn fault_policy(field: &'static str, policy: Option<i32>) -> Result<Option<Policy>, Error> {
    Ok(match known(field, policy)? {
        pb::FaultPolicy::Unspecified => None,
        pb::FaultPolicy::Reject => Some(Policy::Reject),
        pb::FaultPolicy::Replace => Some(Policy::Replace),
    })
}

/// Parses the label of a charset. `None` if it is empty.
fn choice(label: &str) -> Result<Option<Choice>, Error> {
    if label.is_empty() {
        return Ok(None);
    }
    if label == Choice::DETECT {
        return Ok(Some(Choice::Detect));
    }
    let charset = Charset::from_label(label);
    let charset = charset.map_err(|error| Error::invalid("decoding.charset", error))?;
    Ok(Some(Choice::Is(charset)))
}

/// Converts a strategy.
#[must_use]
pub fn to_strategy(from: Kind) -> pb::Strategy {
    match from {
        Kind::Fixed => pb::Strategy::Fixed,
        Kind::Recursive => pb::Strategy::Recursive,
        Kind::Sentence => pb::Strategy::Sentence,
        Kind::Markdown => pb::Strategy::Markdown,
        Kind::Hierarchical => pb::Strategy::Hierarchical,
        Kind::Token => pb::Strategy::Token,
    }
}

fn size_levels(from: pb::SizeLevels) -> Result<Levels, Error> {
    let sizes = from.sizes.into_iter().map(|size| size as usize);
    let levels = Levels::new(sizes.collect());
    levels.map_err(|error| Error::invalid("chunking.levels", error))
}

fn ladder(from: pb::Separators) -> Result<SeparatorLevels, Error> {
    let keep = match known("chunking.separators.keep", Some(from.keep))? {
        pb::Keep::Unspecified | pb::Keep::Before => Keep::Before,
        pb::Keep::After => Keep::After,
    };
    let levels = from.levels.into_iter().map(|level| level.separators);
    let levels = levels.collect::<Vec<_>>();
    if levels.is_empty() {
        return Ok(SeparatorLevels::universal().keeping(keep));
    }
    let ladder = SeparatorLevels::new(levels).map(|ladder| ladder.keeping(keep));
    ladder.map_err(|error| Error::invalid("chunking.separators", error))
}
