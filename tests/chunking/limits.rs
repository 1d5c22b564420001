//! Law 4: no chunk and no overlap is too large, and no grapheme cluster that fits is cut.

use icu_segmenter::GraphemeClusterSegmenter;
use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::world::documents::{Document, corpus, graphemes, markdown, pathological};
use crate::world::run::{Chunk, chunks};
use crate::world::sizes::size_of;
use crate::world::specs::specs;

#[test]
fn sizes_and_overlaps_keep_their_limits() {
    let documents = corpus()
        .into_iter()
        .chain(pathological(20_000))
        .chain([graphemes()])
        .collect::<Vec<_>>();
    for spec in specs(1_000, &[200]).into_iter().chain(specs(60, &[20, 30])) {
        for document in &documents {
            check_sizes(&spec, document);
        }
    }
}

fn check_sizes(spec: &Spec, document: &Document) {
    let limits = spec.limits();
    let mut before_end = 0;
    for chunk in chunks(spec, &document.text) {
        let context = || format!("{} at {}: {spec}", document.name, chunk.span.start.byte);
        assert!(
            size_of(spec, &chunk.text) <= limits.max_size(),
            "{}",
            context()
        );
        assert!(chunk.text.len() <= limits.max_bytes(), "{}", context());
        let start = usize::try_from(chunk.span.start.byte).unwrap();
        let shared = &document.text[start..before_end.max(start)];
        assert!(
            size_of(spec, shared) <= limits.overlap(),
            "overlap, {}",
            context()
        );
        before_end = usize::try_from(chunk.span.end.byte).unwrap();
    }
}

fn ends_a_parent(chunk: &Chunk) -> bool {
    let [_, ended] = chunk.levels;
    ended > 0
}

/// The number of units that a chunk may lack, because the next cluster does not fit.
const CLUSTER: usize = 40;

/// The last chunk of a parent may be smaller too.
#[test]
fn no_chunk_except_the_last_is_smaller_than_min_size() {
    for document in corpus() {
        let without_blocks = |spec: &Spec| spec.strategy().format().is_none();
        for spec in specs(400, &[60]).into_iter().filter(without_blocks) {
            let limits = spec.limits();
            let chunks = chunks(&spec, &document.text);
            let (_, others) = chunks.split_last().unwrap();
            for chunk in others.iter().filter(|chunk| !ends_a_parent(chunk)) {
                let size = size_of(&spec, &chunk.text);
                assert!(
                    size + CLUSTER >= limits.min_size(),
                    "{}: {size}: {spec}",
                    document.name
                );
            }
        }
    }
}

/// A chunk that ends before a block may be small, but then the next one has the block. So the number of chunks is
/// bounded.
#[test]
fn two_neighbours_that_end_at_blocks_have_as_much_new_text_as_one_chunk() {
    let mut documents = corpus();
    documents.extend(pathological(20_000));
    documents.push(markdown());
    for document in &documents {
        let with_blocks = |spec: &Spec| spec.strategy().format().is_some();
        for spec in specs(400, &[60]).into_iter().filter(with_blocks) {
            let limits = spec.limits();
            let chunks = chunks(&spec, &document.text);
            for pair in chunks[..chunks.len() - 1].windows(3) {
                let [before, first, second] = pair else {
                    continue;
                };
                if ends_a_parent(first) || ends_a_parent(second) {
                    continue;
                }
                let new = usize::try_from(before.span.end.byte).unwrap()
                    ..usize::try_from(second.span.end.byte).unwrap();
                let size = size_of(&spec, &document.text[new]);
                assert!(
                    size + CLUSTER >= limits.min_size() - limits.overlap(),
                    "{} at {}: {size}: {spec}",
                    document.name,
                    before.span.end.byte
                );
            }
        }
    }
}

#[test]
fn max_bytes_holds_for_every_measure() {
    let endless = Document::new(
        "ten words in 300,000 bytes",
        format!("{} ", "x".repeat(30_000)).repeat(10),
    );
    let request = Request {
        measure: Measure::Words,
        max_bytes: Some(10_000),
        overlap: 50,
        ..Request::default()
    };
    for strategy in Strategy::all() {
        let spec = Spec::new(Request {
            strategy: Some(strategy),
            ..request.clone()
        })
        .unwrap();
        check_sizes(&spec, &endless);
        assert!(chunks(&spec, &endless.text).len() >= 30);
    }
}

/// Each chunk begins and ends at a grapheme boundary of the whole document. Only a cluster that is too large is cut.
#[test]
fn no_grapheme_cluster_that_fits_is_cut() {
    for document in corpus().into_iter().chain([graphemes()]) {
        let boundaries = GraphemeClusterSegmenter::new()
            .segment_str(&document.text)
            .collect::<Vec<_>>();
        for spec in specs(25, &[10])
            .into_iter()
            .filter(|spec| spec.limits().measure() != Measure::Words)
        {
            for chunk in chunks(&spec, &document.text) {
                for place in [chunk.span.start.byte, chunk.span.end.byte] {
                    let place = usize::try_from(place).unwrap();
                    let is_boundary = boundaries.binary_search(&place).is_ok();
                    assert!(
                        is_boundary
                            || is_in_large_cluster(&spec, &document.text, &boundaries, place),
                        "{} at {place}: {spec}",
                        document.name
                    );
                }
            }
        }
    }
}

fn is_in_large_cluster(spec: &Spec, text: &str, boundaries: &[usize], place: usize) -> bool {
    let after = boundaries.partition_point(|boundary| *boundary < place);
    let cluster = &text[boundaries[after - 1]..boundaries[after]];
    size_of(spec, cluster) > spec.limits().max_size()
}

#[test]
fn a_cluster_that_is_too_large_is_cut_between_characters() {
    let text = format!("a{}", "\u{301}".repeat(5_000));
    let spec = Spec::new(Request {
        max_size: Some(100),
        ..Request::default()
    })
    .unwrap();
    let chunks = chunks(&spec, &text);
    assert_eq!(chunks.len(), 51);
    assert!(chunks.iter().all(|chunk| chunk.text.chars().count() <= 100));
}

#[test]
fn fixed_chunks_have_exactly_the_requested_size() {
    let text = corpus()
        .iter()
        .map(|document| document.text.as_str())
        .collect::<String>();
    let plain = text.chars().filter(char::is_ascii).collect::<String>();
    let spec = Spec::new(Request {
        strategy: Some(Strategy::Fixed),
        ..Request::default()
    })
    .unwrap();
    let chunks = chunks(&spec, &plain);
    let (_, whole) = chunks.split_last().unwrap();
    assert!(whole.iter().all(|chunk| chunk.text.len() == 1_000));
}

/// For comparison: other chunkers with a requested overlap of 200 characters deliver 64 to 133.
#[test]
fn the_mean_overlap_is_near_the_requested_one() {
    let prose = corpus()
        .into_iter()
        .find(|document| document.name == "latin-english")
        .unwrap();
    for strategy in Strategy::all() {
        for packing in Packing::ALL {
            let strategy = Some(strategy.clone());
            let spec = Spec::new(Request {
                strategy,
                packing,
                overlap: 200,
                ..Request::default()
            })
            .unwrap();
            let chunks = chunks(&spec, &prose.text);
            let shared = chunks
                .windows(2)
                .map(|pair| pair[0].span.end.character - pair[1].span.start.character);
            let mean = shared.sum::<u64>() / (chunks.len() as u64 - 1);
            assert!((150..=200).contains(&mean), "{mean} of 200: {spec}");
        }
    }
}
