//! Specs and positions.

use crate::application::error::Error;
use crate::application::stored_spec::StoredSpec;
use crate::domain::chunking::ladder::{self, Ladder};
use crate::domain::chunking::limits;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::spec::{Request, Spec};
use crate::domain::chunking::strategy::Strategy;
use crate::domain::text::charset::Charset;
use crate::domain::text::decoding::{ByteOrderMark, Decoding, Policy};
use crate::domain::text::measure::Measure;
use crate::domain::text::position;
use crate::interface::grpc::pb;

/// The spec that a request asks for, checked.
///
/// # Errors
///
/// Fails with the field that is out of its bounds.
pub fn spec(from: pb::ChunkingSpec) -> Result<Spec, Error> {
    Spec::new(sizes(from)?).map_err(|error| Error::invalid(field(&error), error))
}

/// The same, before its sizes are checked against each other.
///
/// # Errors
///
/// Fails with the field that is not known.
pub fn sizes(from: pb::ChunkingSpec) -> Result<Request, Error> {
    let pb::ChunkingSpec {
        strategy,
        measure,
        max_size,
        min_size,
        overlap,
        max_bytes,
        packing,
        levels,
    } = from;
    let ladder = ladder(levels)?;
    let strategy = match pb::Strategy::try_from(strategy) {
        Ok(pb::Strategy::Unspecified | pb::Strategy::Recursive) => Strategy::Recursive(ladder),
        Ok(pb::Strategy::Fixed) => Strategy::Fixed,
        Ok(pb::Strategy::Sentence) => Strategy::Sentence,
        Err(_) => return Err(Error::invalid("chunking.strategy", "is not known")),
    };
    let measure = match pb::Measure::try_from(measure) {
        Ok(pb::Measure::Unspecified | pb::Measure::Characters) => Measure::Characters,
        Ok(pb::Measure::Bytes) => Measure::Bytes,
        Ok(pb::Measure::Words) => Measure::Words,
        Err(_) => return Err(Error::invalid("chunking.measure", "is not known")),
    };
    let packing = match pb::Packing::try_from(packing) {
        Ok(pb::Packing::Unspecified | pb::Packing::Stable) => Packing::Stable,
        Ok(pb::Packing::Full) => Packing::Full,
        Err(_) => return Err(Error::invalid("chunking.packing", "is not known")),
    };
    let size = |size: Option<u32>| size.map(|size| size as usize);
    Ok(Request {
        strategy: Some(strategy),
        measure,
        min_size: size(min_size),
        max_size: size(max_size),
        overlap: overlap as usize,
        max_bytes: size(max_bytes),
        packing,
    })
}

/// The decoding policy that a request asks for, checked.
///
/// # Errors
///
/// Fails with the field that is not known.
pub fn decoding(from: pb::DecodingPolicy) -> Result<Decoding, Error> {
    let pb::DecodingPolicy {
        charset,
        invalid,
        nul,
        keep_byte_order_mark,
    } = from;
    let policy = |field, policy| match pb::FaultPolicy::try_from(policy) {
        Ok(pb::FaultPolicy::Unspecified | pb::FaultPolicy::Reject) => Ok(Policy::Reject),
        Ok(pb::FaultPolicy::Replace) => Ok(Policy::Replace),
        Err(_) => Err(Error::invalid(field, "is not known")),
    };
    let charset = match charset.as_str() {
        "" => Some(Charset::UTF_8),
        "auto" => None,
        label => Some(
            Charset::from_label(label)
                .map_err(|error| Error::invalid("decoding.charset", error))?,
        ),
    };
    let mark = if keep_byte_order_mark {
        ByteOrderMark::Keep
    } else {
        ByteOrderMark::Drop
    };
    Ok(Decoding {
        charset,
        invalid: policy("decoding.invalid", invalid)?,
        nul: policy("decoding.nul", nul)?,
        byte_order_mark: mark,
    })
}

/// Both, as they are stored.
///
/// # Errors
///
/// As for each.
pub fn stored(
    chunking: Option<pb::ChunkingSpec>,
    policy: Option<pb::DecodingPolicy>,
) -> Result<StoredSpec, Error> {
    let spec = spec(chunking.unwrap_or_default())?;
    Ok(StoredSpec::new(
        &spec,
        decoding(policy.unwrap_or_default())?,
    ))
}

/// A spec for clients.
#[must_use]
pub fn to_spec(spec: &Spec) -> pb::ChunkingSpec {
    let limits = spec.limits();
    let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let (strategy, levels) = match spec.strategy() {
        Strategy::Fixed => (pb::Strategy::Fixed, Vec::new()),
        Strategy::Sentence => (pb::Strategy::Sentence, Vec::new()),
        Strategy::Recursive(ladder) => {
            let level = |level: &Vec<String>| pb::SeparatorLevel {
                separators: level.clone(),
            };
            (
                pb::Strategy::Recursive,
                ladder.levels().iter().map(level).collect(),
            )
        }
    };
    pb::ChunkingSpec {
        strategy: strategy.into(),
        measure: match limits.measure() {
            Measure::Characters => pb::Measure::Characters,
            Measure::Bytes => pb::Measure::Bytes,
            Measure::Words => pb::Measure::Words,
        }
        .into(),
        max_size: Some(size(limits.max_size())),
        min_size: Some(size(limits.min_size())),
        overlap: size(limits.overlap()),
        max_bytes: Some(size(limits.max_bytes())),
        packing: match spec.packing() {
            Packing::Stable => pb::Packing::Stable,
            Packing::Full => pb::Packing::Full,
        }
        .into(),
        levels,
    }
}

/// A decoding policy for clients.
#[must_use]
pub fn to_decoding(from: Decoding) -> pb::DecodingPolicy {
    let policy = |policy| match policy {
        Policy::Reject => pb::FaultPolicy::Reject.into(),
        Policy::Replace => pb::FaultPolicy::Replace.into(),
    };
    let charset = from.charset.map_or("auto", Charset::name);
    pb::DecodingPolicy {
        charset: charset.to_owned(),
        invalid: policy(from.invalid),
        nul: policy(from.nul),
        keep_byte_order_mark: from.byte_order_mark == ByteOrderMark::Keep,
    }
}

/// A position for clients.
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

/// A count for clients: protos have signed numbers, which every language can hold.
#[must_use]
pub fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn ladder(levels: Vec<pb::SeparatorLevel>) -> Result<Ladder, Error> {
    if levels.is_empty() {
        return Ok(Ladder::universal());
    }
    let levels = levels.into_iter().map(|level| level.separators).collect();
    Ladder::new(levels).map_err(|error: ladder::Error| Error::invalid("chunking.levels", error))
}

fn field(error: &limits::Error) -> &'static str {
    match error {
        limits::Error::MaxSize { .. } => "chunking.max_size",
        limits::Error::MinSize { .. } => "chunking.min_size",
        limits::Error::Overlap { .. } => "chunking.overlap",
        limits::Error::MaxBytes { .. } => "chunking.max_bytes",
    }
}
