//! Sizes of texts in the measure of a spec.

use sluice::application::ports::tokenizers::Tokenizers as _;
use sluice::domain::chunking::spec::checked::Spec;

use crate::world::tokenizers::TOKENIZERS;

/// Returns the size of a text in the measure of a spec.
pub(crate) fn size_of(spec: &Spec, text: &str) -> usize {
    match spec.limits().measure().unit() {
        Some(unit) => unit.of(text),
        None => tokens_of(spec, text),
    }
}

/// Returns the number of tokens of a text alone.
pub(crate) fn tokens_of(spec: &Spec, text: &str) -> usize {
    let id = spec.tokenizer().expect("the spec measures in tokens");
    TOKENIZERS.find(id).unwrap().count(text)
}
