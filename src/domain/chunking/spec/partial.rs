//! A spec with the fields that a user set.

use crate::domain::chunking::measure::Measure;
use crate::domain::chunking::packing::Packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::strategy::Kind;
use crate::domain::chunking::tokens::tokenizer::TokenizerId;

/// The fields of a spec that a user set; `None` means that another layer decides.
///
/// ```
/// use sluice::domain::chunking::spec::partial::Partial;
///
/// let collection = Partial { max_size: Some(400), ..Partial::default() };
/// let request = Partial { overlap: Some(10), ..Partial::default() };
/// let spec = request.over(&collection).unwrap();
/// assert_eq!((spec.limits().max_size(), spec.limits().overlap()), (400, 10));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Partial {
    /// The strategy, which decides where chunks end.
    pub strategy: Option<Kind>,
    /// The separators of `recursive`.
    pub separators: Option<SeparatorLevels>,
    /// The unit of the sizes.
    pub measure: Option<Measure>,
    /// The smallest size of a chunk.
    pub min_size: Option<usize>,
    /// The largest size of a chunk.
    pub max_size: Option<usize>,
    /// The largest size that two neighbouring chunks share.
    pub overlap: Option<usize>,
    /// The sizes of all levels, coarse to fine. Empty levels mean one level.
    pub levels: Option<Levels>,
    /// The largest chunk in bytes.
    pub max_bytes: Option<usize>,
    /// The largest chunk in tokens, beside another measure. 0 means no limit.
    pub max_tokens: Option<usize>,
    /// The tokens of each limit in tokens that are left free.
    pub reserve_tokens: Option<usize>,
    /// The tokenizer of the tokens.
    pub tokenizer: Option<TokenizerId>,
    /// The rule that chooses between equal boundaries.
    pub packing: Option<Packing>,
}

/// Sets every field.
impl From<&Spec> for Partial {
    fn from(spec: &Spec) -> Self {
        let limits = spec.limits();
        Self {
            strategy: Some(spec.strategy().kind()),
            separators: spec.strategy().separators().cloned(),
            measure: Some(limits.measure()),
            min_size: Some(limits.min_size()),
            max_size: Some(limits.max_size()),
            overlap: Some(limits.overlap()),
            max_bytes: Some(limits.max_bytes()),
            levels: Some(spec.levels()),
            max_tokens: Some(limits.max_tokens().unwrap_or(0)),
            reserve_tokens: Some(limits.reserve_tokens()),
            tokenizer: spec.tokenizer().cloned(),
            packing: Some(spec.packing()),
        }
    }
}
