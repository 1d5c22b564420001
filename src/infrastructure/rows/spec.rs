//! The chunking spec and decoding policy of a version as stored: JSON with defaults filled in.

use serde::{Deserialize, Serialize};

use crate::application::store_error::Error;
use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::checked::{Request, Spec};
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::strategy::{Kind, Strategy};
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};
use crate::domain::text::segmentation::separators::Keep;
use crate::infrastructure::columns::{Columns, damaged, from_json, to_json};
use crate::infrastructure::rows::tokenizer::{Damaged, StoredTokenizer};

/// Reads a spec and a decoding policy from a row of `uploads` or `document_rows`.
pub(crate) fn spec(found: &impl Columns) -> Result<(Spec, Decoding), Error> {
    decoded(&found.text("spec")?)
}

/// Returns the JSON of a spec and a decoding policy.
pub(crate) fn encoded(spec: &Spec, decoding: Decoding) -> Result<String, Error> {
    to_json(&Json::new(spec, decoding))
}

fn decoded(json: &str) -> Result<(Spec, Decoding), Error> {
    let json: Json = from_json(json)?;
    let damaged = |_damaged| damaged("a spec");
    Ok((
        json.spec().map_err(damaged)?,
        json.decoding().map_err(damaged)?,
    ))
}

/// The JSON of a spec and a decoding policy.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Json {
    strategy: String,
    levels: Vec<Vec<String>>,
    keep: String,
    measure: String,
    min_size: usize,
    max_size: usize,
    overlap: usize,
    max_bytes: usize,
    /// The sizes of all levels, coarse to fine. Empty: one level.
    sizes: Vec<usize>,
    packing: String,
    max_tokens: Option<usize>,
    reserve_tokens: usize,
    tokenizer: Option<StoredTokenizer>,
    /// The name of the charset. `None` means that it is detected.
    charset: Option<String>,
    replace_invalid: bool,
    replace_nul: bool,
    keep_byte_order_mark: bool,
}

impl Json {
    /// Converts a spec and a decoding policy into the stored form.
    fn new(spec: &Spec, decoding: Decoding) -> Self {
        let limits = spec.limits();
        let separators = spec.strategy().separators();
        let levels = separators.map_or_else(Vec::new, |ladder| ladder.levels().to_vec());
        Self {
            strategy: spec.strategy().name().to_owned(),
            levels,
            keep: separators
                .map_or_else(Keep::default, SeparatorLevels::keep)
                .name()
                .to_owned(),
            measure: limits.measure().name().to_owned(),
            min_size: limits.min_size(),
            max_size: limits.max_size(),
            overlap: limits.overlap(),
            max_bytes: limits.max_bytes(),
            sizes: spec.levels().sizes().to_vec(),
            packing: spec.packing().name().to_owned(),
            max_tokens: limits.max_tokens(),
            reserve_tokens: limits.reserve_tokens(),
            tokenizer: spec.tokenizer().map(StoredTokenizer::of),
            charset: decoding.charset.map(|charset| charset.name().to_owned()),
            replace_invalid: decoding.invalid == Policy::Replace,
            replace_nul: decoding.nul == Policy::Replace,
            keep_byte_order_mark: decoding.byte_order_mark == ByteOrderMark::Keep,
        }
    }

    /// Returns the spec.
    fn spec(&self) -> Result<Spec, Damaged> {
        let kind = Kind::from_name(&self.strategy).ok_or(Damaged)?;
        let strategy = match Strategy::of(kind) {
            Strategy::Recursive(_) => {
                let ladder =
                    SeparatorLevels::new(self.levels.clone()).map_err(|_bounds| Damaged)?;
                Strategy::Recursive(ladder.keeping(named(&Keep::ALL, Keep::name, &self.keep)?))
            }
            other @ (Strategy::Fixed | Strategy::Sentence | Strategy::Markdown) => other,
        };
        Spec::new(Request {
            strategy: Some(strategy),
            measure: named(&Measure::ALL, Measure::name, &self.measure)?,
            min_size: Some(self.min_size),
            max_size: Some(self.max_size),
            overlap: self.overlap,
            max_bytes: Some(self.max_bytes),
            max_tokens: self.max_tokens,
            reserve_tokens: self.reserve_tokens,
            tokenizer: self
                .tokenizer
                .as_ref()
                .map(StoredTokenizer::id)
                .transpose()?,
            levels: Levels::new(self.sizes.clone()).map_err(|_sizes| Damaged)?,
            packing: named(&Packing::ALL, Packing::name, &self.packing)?,
        })
        .map_err(|_bounds| Damaged)
    }

    /// Returns the decoding policy.
    fn decoding(&self) -> Result<Decoding, Damaged> {
        let charset = self.charset.as_deref().map(Charset::from_label).transpose();
        Ok(Decoding {
            charset: charset.map_err(|_unknown| Damaged)?,
            invalid: Policy::replacing(self.replace_invalid),
            nul: Policy::replacing(self.replace_nul),
            byte_order_mark: ByteOrderMark::keeping(self.keep_byte_order_mark),
        })
    }
}

/// Returns the value of that name.
pub(super) fn named<T: Copy>(
    all: &[T],
    name_of: fn(T) -> &'static str,
    name: &str,
) -> Result<T, Damaged> {
    let known = all.iter().copied().find(|known| name_of(*known) == name);
    known.ok_or(Damaged)
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};
    use crate::domain::chunking::separator_levels::SeparatorLevels;
    use crate::domain::chunking::spec::checked::{Request, Spec};
    use crate::domain::chunking::strategy::Strategy;
    use crate::domain::chunking::tokens::tokenizer::TokenizerId;
    use crate::domain::text::encoding::charset::Charset;
    use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};
    use crate::domain::text::segmentation::separators::Keep;

    #[test]
    fn a_stored_spec_reads_back_unchanged() {
        let after = SeparatorLevels::cjk().keeping(Keep::After);
        for strategy in Strategy::all()
            .into_iter()
            .chain([Strategy::Recursive(after)])
        {
            let request = Request {
                strategy: Some(strategy),
                overlap: 7,
                ..Request::default()
            };
            let sized = Request {
                max_tokens: Some(100),
                reserve_tokens: 4,
                tokenizer: TokenizerId::new("x.json").ok().map(|id| id.pinned([7; 32])),
                ..request
            };
            let spec = Spec::new(sized).unwrap();
            let decoding = Decoding {
                charset: Charset::from_label("koi8-r").ok(),
                invalid: Policy::Replace,
                nul: Policy::Reject,
                byte_order_mark: ByteOrderMark::Keep,
            };
            let json = encoded(&spec, decoding).unwrap();
            assert_eq!(decoded(&json).unwrap(), (spec, decoding));
        }
    }
}
