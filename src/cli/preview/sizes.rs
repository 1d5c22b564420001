//! The sizes of a spec, for people.

use crate::domain::chunking::spec::checked::Spec;

/// Returns the sizes of a spec for people.
pub(super) fn of(spec: &Spec) -> String {
    let limits = spec.limits();
    let (least, most, measure) = (
        limits.min_size(),
        limits.max_size(),
        limits.measure().name(),
    );
    let overlap = match limits.overlap() {
        0 => String::new(),
        overlap => format!(", overlap {overlap}"),
    };
    let tokens = match (limits.chunk_tokens_max(), spec.tokenizer()) {
        (Some(most), Some(tokenizer)) => format!(", at most {most} tokens of {}", tokenizer.name()),
        _ => String::new(),
    };
    format!("{least} to {most} {measure}{overlap}{tokens}")
}
