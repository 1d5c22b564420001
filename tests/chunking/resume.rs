//! Law 5: an engine that is stopped anywhere and resumed yields the rows of an uninterrupted run.

use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::ingest::checkpoint::{Checkpoint, ENCODED_BYTES, ENCODED_BYTES_MAX, Error};
use sluice::domain::ingest::digest;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step};
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{Decoding, Fault, Policy};

use crate::world::documents::{Document, corpus, graphemes, markdown, pathological, repeatable};
use crate::world::run::{Ingested, ingest};
use crate::world::specs::specs;
use crate::world::tokenizers::loaded;

const LENIENT: Decoding = Decoding {
    invalid: Policy::Replace,
    nul: Policy::Replace,
    charset: Some(Charset::UTF_8),
    byte_order_mark: sluice::domain::text::encoding::decoding::ByteOrderMark::Drop,
};

#[test]
fn a_resume_at_every_checkpoint_yields_the_same_rows() {
    let mut documents = corpus()
        .into_iter()
        .map(|document| document.head(3_000))
        .collect::<Vec<_>>();
    documents.extend(pathological(4_000));
    documents.extend([graphemes(), markdown()]);
    for spec in specs(100, &[30]) {
        for document in &documents {
            check_every_checkpoint(&spec, LENIENT, document.text.as_bytes(), &document.name);
        }
    }
}

#[test]
fn faults_a_byte_order_mark_and_a_detected_charset_survive_a_stop() {
    let mut faulty = b"\xEF\xBB\xBFfirst\0\xFF\xFEtext ".to_vec();
    for at in 0..2_000_usize {
        faulty.extend_from_slice(b"word \xE6\xB0 \xE6\xB0\xB4");
        faulty.push(u8::try_from(at % 256).unwrap());
    }
    let spec = Spec::new(Request {
        max_size: Some(100),
        overlap: 20,
        ..Request::default()
    })
    .unwrap();
    check_every_checkpoint(&spec, LENIENT, &faulty, "faulty");
    let text = corpus()
        .into_iter()
        .find(|document| document.name == "cyrillic-russian")
        .unwrap()
        .text;
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    let marked = [0xFF, 0xFE].into_iter().chain(utf16).collect::<Vec<_>>();
    let detected = Decoding {
        charset: None,
        ..LENIENT
    };
    check_every_checkpoint(&spec, detected, &marked, "UTF-16 by its mark");
    let faulty = b"\xD6\x33\xB9\xFA and \x81\x30\x81\x20 text. ".repeat(300);
    let gb18030 = Decoding {
        charset: Charset::from_label("gb18030").ok(),
        ..LENIENT
    };
    check_every_checkpoint(&spec, gb18030, &faulty, "faulty GB 18030");
    let koi8 = encoding_rs::KOI8_R.encode(&text).0.into_owned();
    check_every_checkpoint(&spec, detected, &koi8, "KOI8-R by detection");
}

/// Stops at each checkpoint, discards all other state, and resumes with pieces of another size.
fn check_every_checkpoint(spec: &Spec, decoding: Decoding, source: &[u8], name: &str) {
    let mut engine = Engine::new(&loaded(spec), decoding, BATCH_BYTES_MIN);
    let whole = ingest(
        &mut engine,
        source,
        source.len().max(1),
        || false,
        usize::MAX,
    );
    assert_eq!(
        whole.summary.unwrap().source_sha256,
        digest::sha256(source),
        "{name}"
    );

    // A flush after every piece makes a checkpoint wherever chunks are complete.
    let mut engine = Engine::new(&loaded(spec), decoding, BATCH_BYTES_MIN);
    let flushed = ingest(&mut engine, source, 700, || true, usize::MAX);
    let is_same = (&flushed.rows, flushed.summary) == (&whole.rows, whole.summary)
        && flushed.parents == whole.parents;
    assert!(is_same, "{name}: {spec}");
    for (stop, checkpoint) in flushed.checkpoints.iter().enumerate() {
        let encoded = checkpoint.encode();
        match checkpoint.place.structure {
            None if spec.parents().is_empty() => assert_eq!(encoded.len(), ENCODED_BYTES),
            _ => assert!(encoded.len() <= ENCODED_BYTES_MAX),
        }
        let checkpoint = Checkpoint::decode(&encoded).unwrap();
        let committed = usize::try_from(checkpoint.place.position.source).unwrap();
        assert_eq!(
            checkpoint.source_sha256().unwrap(),
            digest::sha256(&source[..committed]),
            "{name}"
        );
        let mut engine =
            Engine::resume(&loaded(spec), decoding, BATCH_BYTES_MIN, &checkpoint).unwrap();
        let rest = ingest(
            &mut engine,
            &source[committed..],
            1_111,
            || false,
            usize::MAX,
        );
        let kept = flushed
            .rows
            .iter()
            .filter(|row| row.0 < checkpoint.next_ordinal);
        let rows = kept.chain(&rest.rows).cloned().collect::<Vec<_>>();
        assert!(
            rows == whole.rows,
            "{name} stopped at batch {stop}, byte {committed}: {spec}"
        );
        let before = usize::try_from(checkpoint.next_ordinal).unwrap();
        let kept = flushed.parents[..before].iter();
        let parents = kept.chain(&rest.parents).cloned().collect::<Vec<_>>();
        assert!(
            parents == whole.parents,
            "{name} stopped at batch {stop}, byte {committed}: {spec}"
        );
        assert_eq!(
            rest.summary, whole.summary,
            "{name} stopped at batch {stop}: {spec}"
        );
    }
}

#[test]
fn repeated_random_stops_yield_the_same_rows() {
    let text = corpus()
        .iter()
        .map(|document| document.text.as_str())
        .collect::<String>();
    let source = text.as_bytes();
    let spec = Spec::new(Request {
        overlap: 150,
        ..Request::default()
    })
    .unwrap();
    let whole = ingest(
        &mut Engine::new(&loaded(&spec), LENIENT, BATCH_BYTES_MIN),
        source,
        9_000,
        || false,
        usize::MAX,
    );
    for seed in 0..30 {
        let mut random = repeatable(seed);
        let mut rows = Vec::new();
        let mut checkpoint: Option<Checkpoint> = None;
        let summary = loop {
            let mut engine = match &checkpoint {
                None => Engine::new(&loaded(&spec), LENIENT, BATCH_BYTES_MIN),
                Some(checkpoint) => {
                    Engine::resume(&loaded(&spec), LENIENT, BATCH_BYTES_MIN, checkpoint).unwrap()
                }
            };
            let committed = checkpoint
                .as_ref()
                .map_or(0, |at| usize::try_from(at.place.position.source).unwrap());
            let (piece, stop_after) = (1 + random(20_000), 1 + random(3));
            let Ingested {
                rows: more,
                parents: _,
                checkpoints,
                summary,
            } = ingest(
                &mut engine,
                &source[committed..],
                piece,
                || random(2) == 0,
                stop_after,
            );
            rows.extend(more);
            checkpoint = checkpoints.last().cloned().or(checkpoint);
            if let Some(summary) = summary {
                break summary;
            }
        };
        assert!(rows == whole.rows, "seed {seed}");
        assert_eq!(Some(summary), whole.summary, "seed {seed}");
    }
}

/// A chunk may cover text after the checkpoint, which is not in the checkpoint's digest. A source that differs or
/// ends there is refused.
#[test]
fn text_covered_after_a_checkpoint_must_be_sent_again_unchanged() {
    let text = corpus().swap_remove(0).head(3_000).text;
    let spec = Spec::new(Request {
        max_size: Some(100),
        overlap: 20,
        ..Request::default()
    })
    .unwrap();
    let source = text.as_bytes();
    let mut engine = Engine::new(&loaded(&spec), LENIENT, BATCH_BYTES_MIN);
    let stopped = ingest(&mut engine, source, 500, || true, 1);
    let checkpoint = &stopped.checkpoints[0];
    let place = &checkpoint.place;
    assert!(place.covered > 1);
    let rest = &source[usize::try_from(place.position.source).unwrap()..];
    let mut changed = rest.to_vec();
    changed[place.covered - 1] ^= 1;
    let cut_short = &rest[..place.covered - 1];
    for (source, is_same) in [
        (rest, true),
        (&changed, false),
        (cut_short, false),
        (&[], false),
    ] {
        for piece_bytes in [1, 7, 3_000] {
            let mut engine =
                Engine::resume(&loaded(&spec), LENIENT, BATCH_BYTES_MIN, checkpoint).unwrap();
            let mut pieces = source.chunks(piece_bytes);
            let ended = loop {
                match engine.step() {
                    Ok(Step::Feed) => match pieces.next() {
                        Some(piece) => assert_eq!(engine.feed(piece), piece.len()),
                        None => engine.finish(),
                    },
                    Ok(Step::Store(_)) => {}
                    Ok(Step::Done(_)) => break None,
                    Err(fault) => break Some(fault),
                }
            };
            let offset = place.position.source;
            let expected = (!is_same).then_some(Fault::Changed { offset });
            assert_eq!(ended, expected, "in pieces of {piece_bytes}");
        }
    }
}

#[test]
fn a_checkpoint_made_with_other_settings_is_refused() {
    let Document { text, .. } = corpus().swap_remove(0);
    let spec = Spec::default();
    let mut engine = Engine::new(&loaded(&spec), LENIENT, BATCH_BYTES_MIN);
    let checkpoint = ingest(&mut engine, text.as_bytes(), 5_000, || true, 1)
        .checkpoints
        .remove(0);
    let other = Spec::new(Request {
        overlap: 1,
        ..Request::default()
    })
    .unwrap();
    let refused =
        Engine::resume(&loaded(&other), LENIENT, BATCH_BYTES_MIN, &checkpoint).unwrap_err();
    assert_eq!(refused, Error::Spec);
    let strict = Decoding {
        nul: Policy::Reject,
        ..LENIENT
    };
    let refused = Engine::resume(&loaded(&spec), strict, BATCH_BYTES_MIN, &checkpoint).unwrap_err();
    assert_eq!(refused, Error::Spec);
}
