//! A spec and a decoding policy in the form in which they are stored: JSON, defaults filled in.

use serde::{Deserialize, Serialize};

use crate::domain::chunking::ladder::Ladder;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::spec::{Request, Spec};
use crate::domain::chunking::strategy::Strategy;
use crate::domain::text::charset::Charset;
use crate::domain::text::decoding::{ByteOrderMark, Decoding, Policy};
use crate::domain::text::measure::Measure;

/// How a document is chunked and decoded, as stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSpec {
    strategy: String,
    levels: Vec<Vec<String>>,
    measure: String,
    min_size: usize,
    max_size: usize,
    overlap: usize,
    max_bytes: usize,
    packing: String,
    /// None: detected.
    charset: Option<String>,
    replace_invalid: bool,
    replace_nul: bool,
    keep_byte_order_mark: bool,
}

/// What is stored is not a spec.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stored spec is damaged")]
pub struct Damaged;

impl StoredSpec {
    /// The stored form.
    #[must_use]
    pub fn new(spec: &Spec, decoding: Decoding) -> Self {
        let limits = spec.limits();
        let levels = match spec.strategy() {
            Strategy::Recursive(ladder) => ladder.levels().to_vec(),
            Strategy::Fixed | Strategy::Sentence => Vec::new(),
        };
        Self {
            strategy: spec.strategy().name().to_owned(),
            levels,
            measure: limits.measure().name().to_owned(),
            min_size: limits.min_size(),
            max_size: limits.max_size(),
            overlap: limits.overlap(),
            max_bytes: limits.max_bytes(),
            packing: spec.packing().name().to_owned(),
            charset: decoding.charset.map(|charset| charset.name().to_owned()),
            replace_invalid: decoding.invalid == Policy::Replace,
            replace_nul: decoding.nul == Policy::Replace,
            keep_byte_order_mark: decoding.byte_order_mark == ByteOrderMark::Keep,
        }
    }

    /// What the separators have: all that varies in length.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.levels.iter().flatten().map(String::len).sum()
    }

    /// The same with another spec, another decoding policy, or both.
    #[must_use]
    pub fn changed(&self, spec: Option<&Spec>, decoding: Option<Decoding>) -> Self {
        let mut changed = self.clone();
        if let Some(spec) = spec {
            let Self {
                strategy,
                levels,
                measure,
                min_size,
                max_size,
                overlap,
                max_bytes,
                packing,
                ..
            } = Self::new(spec, Decoding::default());
            changed = Self {
                strategy,
                levels,
                measure,
                min_size,
                max_size,
                overlap,
                max_bytes,
                packing,
                ..changed
            };
        }
        if let Some(decoding) = decoding {
            let Self {
                charset,
                replace_invalid,
                replace_nul,
                keep_byte_order_mark,
                ..
            } = Self::new(&Spec::default(), decoding);
            changed = Self {
                charset,
                replace_invalid,
                replace_nul,
                keep_byte_order_mark,
                ..changed
            };
        }
        changed
    }

    /// The spec.
    ///
    /// # Errors
    ///
    /// Fails if what was stored is damaged.
    pub fn spec(&self) -> Result<Spec, Damaged> {
        let strategies = Strategy::all().into_iter();
        let strategy = strategies
            .into_iter()
            .find(|strategy| strategy.name() == self.strategy);
        let strategy = match strategy.ok_or(Damaged)? {
            Strategy::Recursive(_) => {
                Strategy::Recursive(Ladder::new(self.levels.clone()).map_err(|_bounds| Damaged)?)
            }
            other @ (Strategy::Fixed | Strategy::Sentence) => other,
        };
        let measure = Measure::ALL
            .into_iter()
            .find(|measure| measure.name() == self.measure);
        let packing = Packing::ALL
            .into_iter()
            .find(|packing| packing.name() == self.packing);
        Spec::new(Request {
            strategy: Some(strategy),
            measure: measure.ok_or(Damaged)?,
            min_size: Some(self.min_size),
            max_size: Some(self.max_size),
            overlap: self.overlap,
            max_bytes: Some(self.max_bytes),
            packing: packing.ok_or(Damaged)?,
        })
        .map_err(|_bounds| Damaged)
    }

    /// The decoding policy.
    ///
    /// # Errors
    ///
    /// Fails if what was stored is damaged.
    pub fn decoding(&self) -> Result<Decoding, Damaged> {
        let charset = self.charset.as_deref().map(Charset::from_label).transpose();
        let policy = |replace| {
            if replace {
                Policy::Replace
            } else {
                Policy::Reject
            }
        };
        Ok(Decoding {
            charset: charset.map_err(|_unknown| Damaged)?,
            invalid: policy(self.replace_invalid),
            nul: policy(self.replace_nul),
            byte_order_mark: if self.keep_byte_order_mark {
                ByteOrderMark::Keep
            } else {
                ByteOrderMark::Drop
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::StoredSpec;
    use crate::domain::chunking::spec::{Request, Spec};
    use crate::domain::chunking::strategy::Strategy;
    use crate::domain::text::charset::Charset;
    use crate::domain::text::decoding::{ByteOrderMark, Decoding, Policy};

    #[test]
    fn what_is_stored_is_read_the_same() {
        for strategy in Strategy::all() {
            let request = Request {
                strategy: Some(strategy),
                overlap: 7,
                ..Request::default()
            };
            let spec = Spec::new(request).unwrap();
            let decoding = Decoding {
                charset: Charset::from_label("koi8-r").ok(),
                invalid: Policy::Replace,
                nul: Policy::Reject,
                byte_order_mark: ByteOrderMark::Keep,
            };
            let json = serde_json::to_string(&StoredSpec::new(&spec, decoding)).unwrap();
            let stored: StoredSpec = serde_json::from_str(&json).unwrap();
            assert_eq!(
                (stored.spec().unwrap(), stored.decoding().unwrap()),
                (spec, decoding)
            );
        }
    }
}
