//! Preferences as stored: JSON, without the fields that are not set.

use serde::{Deserialize, Serialize};

use crate::application::store_error::Error;
use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::strategy::Kind;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Policy};
use crate::domain::text::encoding::policy::{self, Choice};
use crate::domain::text::segmentation::separators::Keep;
use crate::infrastructure::columns::{Columns, damaged, from_json, to_json};
use crate::infrastructure::rows::spec::named;
use crate::infrastructure::rows::tokenizer::{Damaged, StoredTokenizer};

/// Reads the preferences of a collection from its row.
pub(crate) fn preferences(found: &impl Columns) -> Result<Preferences, Error> {
    decoded(&found.text("preferences")?)
}

/// Returns the JSON of preferences.
pub(crate) fn encoded(preferences: &Preferences) -> Result<String, Error> {
    to_json(&Json::from(preferences))
}

fn decoded(json: &str) -> Result<Preferences, Error> {
    let json: Json = from_json(json)?;
    Preferences::try_from(json).map_err(|_damaged| damaged("preferences"))
}

/// The JSON of preferences.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Json {
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    separators: Option<Vec<Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<usize>,
    /// The sizes of all levels, coarse to fine.
    #[serde(skip_serializing_if = "Option::is_none")]
    sizes: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve_tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokenizer: Option<StoredTokenizer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replace_invalid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replace_nul: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_byte_order_mark: Option<bool>,
}

impl From<&Preferences> for Json {
    fn from(from: &Preferences) -> Self {
        let Preferences { chunking, decoding } = from;
        let replaces = |policy| policy == Policy::Replace;
        let mark = decoding.byte_order_mark;
        let keep = chunking.separators.as_ref().map(SeparatorLevels::keep);
        Self {
            strategy: chunking.strategy.map(|kind| kind.name().to_owned()),
            separators: chunking
                .separators
                .as_ref()
                .map(|ladder| ladder.levels().to_vec()),
            keep: keep.map(|keep| keep.name().to_owned()),
            measure: chunking.measure.map(|measure| measure.name().to_owned()),
            min_size: chunking.min_size,
            max_size: chunking.max_size,
            overlap: chunking.overlap,
            max_bytes: chunking.max_bytes,
            sizes: chunking
                .levels
                .as_ref()
                .map(|levels| levels.sizes().to_vec()),
            packing: chunking.packing.map(|packing| packing.name().to_owned()),
            max_tokens: chunking.max_tokens,
            reserve_tokens: chunking.reserve_tokens,
            tokenizer: chunking.tokenizer.as_ref().map(StoredTokenizer::of),
            charset: decoding.charset.map(|choice| choice.label().to_owned()),
            replace_invalid: decoding.invalid.map(replaces),
            replace_nul: decoding.nul.map(replaces),
            keep_byte_order_mark: mark.map(|mark| mark == ByteOrderMark::Keep),
        }
    }
}

impl TryFrom<Json> for Preferences {
    type Error = Damaged;

    fn try_from(from: Json) -> Result<Self, Damaged> {
        let strategy = from.strategy.as_deref();
        let strategy = strategy.map(|name| Kind::from_name(name).ok_or(Damaged));
        let keep = from.keep.as_deref();
        let keep = keep.map(|name| named(&Keep::ALL, Keep::name, name));
        let keep = keep.transpose()?.unwrap_or_default();
        let separators = from.separators.map(SeparatorLevels::new).transpose();
        let separators = separators.map(|ladder| ladder.map(|ladder| ladder.keeping(keep)));
        let measure = from.measure.as_deref();
        let measure = measure.map(|name| named(&Measure::ALL, Measure::name, name));
        let packing = from.packing.as_deref();
        let packing = packing.map(|name| named(&Packing::ALL, Packing::name, name));
        let tokenizer = from.tokenizer.as_ref().map(StoredTokenizer::id);
        let levels = from.sizes.map(Levels::new).transpose();
        let charset = from.charset.as_deref().map(choice).transpose();
        Ok(Self {
            chunking: Partial {
                strategy: strategy.transpose()?,
                separators: separators.map_err(|_bounds| Damaged)?,
                measure: measure.transpose()?,
                min_size: from.min_size,
                max_size: from.max_size,
                overlap: from.overlap,
                max_bytes: from.max_bytes,
                levels: levels.map_err(|_sizes| Damaged)?,
                packing: packing.transpose()?,
                max_tokens: from.max_tokens,
                reserve_tokens: from.reserve_tokens,
                tokenizer: tokenizer.transpose()?,
            },
            decoding: policy::Partial {
                charset: charset?,
                invalid: from.replace_invalid.map(Policy::replacing),
                nul: from.replace_nul.map(Policy::replacing),
                byte_order_mark: from.keep_byte_order_mark.map(ByteOrderMark::keeping),
            },
        })
    }
}

fn choice(label: &str) -> Result<Choice, Damaged> {
    if label == Choice::DETECT {
        return Ok(Choice::Detect);
    }
    let charset = Charset::from_label(label).map_err(|_unknown| Damaged)?;
    Ok(Choice::Is(charset))
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};
    use crate::domain::chunking::spec::checked::Spec;
    use crate::domain::chunking::spec::partial::Partial;
    use crate::domain::ingest::preferences::Preferences;
    use crate::domain::text::encoding::decoding::Decoding;
    use crate::domain::text::encoding::policy::{self, Choice};

    fn again(preferences: &Preferences) -> Preferences {
        decoded(&encoded(preferences).unwrap()).unwrap()
    }

    #[test]
    fn stored_fields_are_those_that_were_set() {
        let none = Preferences::default();
        assert_eq!(encoded(&none).unwrap(), "{}");
        assert_eq!(again(&none), none);
        let all = Preferences {
            chunking: Partial::from(&Spec::default()),
            decoding: Decoding::default().into(),
        };
        assert_eq!(again(&all), all);
        let some = Preferences {
            chunking: Partial {
                overlap: Some(0),
                ..Partial::default()
            },
            decoding: policy::Partial {
                charset: Some(Choice::Detect),
                ..policy::Partial::default()
            },
        };
        assert_eq!(again(&some), some);
    }
}
