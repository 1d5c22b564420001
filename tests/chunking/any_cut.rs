//! Law 1: however the bytes are cut into messages, the chunks are the same.

use proptest::prelude::*;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};

use crate::world::documents::{corpus, graphemes, markdown, pathological, repeatable};
use crate::world::run::split;
use crate::world::specs::specs;

/// Replaces faults, so that every document can be cut anywhere.
const LENIENT: Decoding = Decoding {
    charset: Some(sluice::domain::text::encoding::charset::Charset::UTF_8),
    invalid: Policy::Replace,
    nul: Policy::Replace,
    byte_order_mark: ByteOrderMark::Drop,
};

#[test]
fn every_cut_of_a_small_document_gives_the_same_chunks() {
    let small = corpus()
        .iter()
        .map(|document| document.head(60))
        .chain([graphemes().head(80)])
        .collect::<Vec<_>>();
    for spec in specs(12, &[5]) {
        for document in &small {
            let bytes = document.text.as_bytes();
            let whole = split(&spec, LENIENT, [bytes]);
            for at in 0..=bytes.len() {
                let cut = split(&spec, LENIENT, [&bytes[..at], &bytes[at..]]);
                assert!(cut == whole, "{} cut at {at}: {spec}", document.name);
            }
        }
    }
}

#[test]
fn bytes_one_by_one_give_the_same_chunks() {
    let documents = corpus()
        .into_iter()
        .chain(pathological(3_000))
        .chain([graphemes()]);
    let documents = documents
        .map(|document| document.head(2_000))
        .chain([markdown()])
        .collect::<Vec<_>>();
    for spec in specs(100, &[30]) {
        for document in &documents {
            let bytes = document.text.as_bytes();
            let whole = split(&spec, LENIENT, [bytes]);
            let cut = split(&spec, LENIENT, bytes.chunks(1));
            assert!(cut == whole, "{}: {spec}", document.name);
        }
    }
}

#[test]
fn random_cuts_of_large_documents_give_the_same_chunks() {
    let text = corpus()
        .iter()
        .map(|document| document.text.as_str())
        .collect::<String>();
    let mut random = repeatable(1);
    for spec in specs(1_000, &[200]) {
        let whole = split(&spec, LENIENT, [text.as_bytes()]);
        for longest in [7, 1_000, 70_000] {
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            while !rest.is_empty() {
                let (piece, others) = rest.split_at((1 + random(longest)).min(rest.len()));
                pieces.push(piece);
                rest = others;
            }
            let cut = split(&spec, LENIENT, pieces);
            assert!(cut == whole, "pieces of up to {longest}: {spec}");
        }
    }
}

proptest! {
    /// Any bytes, cut anywhere: the chunks or the fault are the same, for valid and invalid text.
    #[test]
    fn any_bytes_in_any_pieces(
        bytes in prop::collection::vec(prop_oneof![Just(b'a'), Just(b' '), Just(b'\n'), Just(0), any::<u8>()], 0..400),
        lengths in prop::collection::vec(1_usize..50, 1..40),
        lenient in any::<bool>(),
        size in 4_usize..60,
    ) {
        let decoding = if lenient { LENIENT } else { Decoding::default() };
        let spec = Spec::new(Request { max_size: Some(size), overlap: size / 4, ..Request::default() }).unwrap();
        let whole = split(&spec, decoding, [bytes.as_slice()]);
        let (mut pieces, mut rest) = (Vec::new(), bytes.as_slice());
        for length in lengths.iter().cycle() {
            let (piece, others) = rest.split_at((*length).min(rest.len()));
            pieces.push(piece);
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(split(&spec, decoding, pieces), whole);
    }
}
