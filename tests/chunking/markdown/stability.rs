//! After an edit of real Markdown, the chunks are soon the same again.

use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::strategy::Strategy;

use crate::markdown::corpus::real;
use crate::stability::{Stability, measure, slices};

#[test]
#[expect(clippy::print_stdout, reason = "this test reports")]
fn a_sentence_inserted_into_real_markdown_changes_few_chunks() {
    let texts = real().into_iter().map(|document| document.text);
    let edits = slices(&texts.collect::<Vec<_>>().join("\n\n"));
    for (overlap, kept_min) in [(0, 98.0), (200, 95.0)] {
        let found = measure(&edits, &Strategy::Markdown, Packing::Stable, overlap);
        let Stability { kept, fill } = found;
        println!("markdown, overlap {overlap}: kept {kept:.1} %, fill {fill:.2}");
        assert!(
            kept >= kept_min && fill >= 0.65,
            "overlap {overlap}: {found:?}"
        );
    }
}
