//! Law 6: no document makes the engine hold more than it declares.

use allocation_counter::measure;
use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN, Engine, Step};
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};
use sluice::domain::text::encoding::encoder::encode;

use crate::world::documents::{Document, pathological};
use crate::world::specs::specs;
use crate::world::tokenizers::loaded;

/// A length at which memory held for each byte or each chunk exceeds the limit.
const DOCUMENT_BYTES: usize = 1_500_000;

/// The limit for any spec with chunks of up to 64 KiB, at the smallest batch.
const HELD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The limit for a strategy that keeps blocks whole: its horizon is twice as long.
const HELD_BYTES_MAX_WITH_BLOCKS: usize = 12 * 1024 * 1024;

/// The number of times as much for parents of six times the size.
const TIMES_WITH_LEVELS: usize = 5;

#[test]
fn no_document_makes_an_engine_hold_more_than_it_declares() {
    let mut documents = pathological(DOCUMENT_BYTES);
    // Half the bytes are faults, so no two neighbours have the same length in the source.
    documents.push(Document::new("faults", "a\u{0}".repeat(DOCUMENT_BYTES / 2)));
    for spec in specs(1_000, &[200]).into_iter().step_by(7) {
        let declared = Engine::memory_bytes_max(&loaded(&spec), BATCH_BYTES_MIN);
        let held_bytes_max = match spec.strategy().format() {
            None => HELD_BYTES_MAX,
            Some(_) => HELD_BYTES_MAX_WITH_BLOCKS,
        };
        let times = if spec.parents().is_empty() {
            1
        } else {
            TIMES_WITH_LEVELS
        };
        assert!(
            declared <= times * held_bytes_max,
            "{declared} bytes: {spec}"
        );
        for document in &documents {
            let held = held(
                &spec,
                REPLACE_NUL,
                document.text.as_bytes(),
                BATCH_BYTES_MIN,
            );
            assert!(
                held <= declared,
                "{}: {held} of {declared} bytes: {spec}",
                document.name
            );
        }
    }
}

#[test]
fn the_largest_batch_is_bounded_too() {
    let document = &pathological(DOCUMENT_BYTES)[4];
    let spec = &specs(1_000, &[])[0];
    let declared = Engine::memory_bytes_max(&loaded(spec), BATCH_BYTES_MAX);
    let held = held(spec, REPLACE_NUL, document.text.as_bytes(), BATCH_BYTES_MAX);
    assert!(held <= declared);
    assert!(declared <= 12 * 1024 * 1024);
}

/// Bytes that a client sends after a fault are not collected.
#[test]
fn bytes_after_a_fault_are_not_held() {
    let spec = &specs(1_000, &[])[0];
    let source = vec![0xFF; 4_000_000];
    let allocated = measure(|| {
        let mut engine = Engine::new(&loaded(spec), Decoding::default(), BATCH_BYTES_MIN);
        for piece in source.chunks(65_536) {
            assert_eq!(engine.feed(piece), piece.len());
        }
        assert!(engine.step().is_err());
    });
    assert!(allocated.bytes_max < 1_000_000, "{}", allocated.bytes_max);
}

/// The bytes held until the charset is chosen are bounded, and so is the source of a text in UTF-32.
#[test]
fn no_charset_makes_an_engine_hold_more_than_it_declares() {
    let ascii = "A line of ASCII.\n".repeat(DOCUMENT_BYTES / 17);
    let auto = Decoding {
        charset: None,
        ..REPLACE_NUL
    };
    let declared = |charset| Decoding {
        charset: Some(charset),
        ..REPLACE_NUL
    };
    let nul_in_the_head = [&ascii.as_bytes()[..1_000], b"\0", ascii.as_bytes()].concat();
    let sources = [
        (
            "a first accent at the end",
            auto,
            [ascii.as_bytes(), b"\xE9"].concat(),
        ),
        (
            "an accent, then ASCII",
            auto,
            [b"caf\xE9 ", ascii.as_bytes()].concat(),
        ),
        ("a NUL in the first bytes", auto, nul_in_the_head),
        ("UTF-32", declared(Charset::UTF_32LE), utf_32(&ascii)),
        ("UTF-32, detected", auto, utf_32(&ascii)),
    ];
    for spec in specs(1_000, &[200]).into_iter().step_by(31) {
        let declared = Engine::memory_bytes_max(&loaded(&spec), BATCH_BYTES_MIN);
        for (name, decoding, source) in &sources {
            let held = held(&spec, *decoding, source, BATCH_BYTES_MIN);
            assert!(
                held <= declared,
                "{name}: {held} of {declared} bytes: {spec}"
            );
        }
    }
}

fn utf_32(text: &str) -> Vec<u8> {
    encode(Charset::UTF_32LE, text).unwrap().into_owned()
}

const REPLACE_NUL: Decoding = Decoding {
    charset: Some(Charset::UTF_8),
    invalid: Policy::Reject,
    nul: Policy::Replace,
    byte_order_mark: ByteOrderMark::Drop,
};

fn held(spec: &Spec, decoding: Decoding, source: &[u8], batch_bytes: usize) -> usize {
    let allocated = measure(|| {
        let mut engine = Engine::new(&loaded(spec), decoding, batch_bytes);
        let mut rest = source;
        loop {
            match engine.step().unwrap() {
                Step::Feed if rest.is_empty() => engine.finish(),
                Step::Feed => rest = &rest[engine.feed(&rest[..rest.len().min(65_536)])..],
                Step::Store(batch) => drop(batch.digested()),
                Step::Done(_) => break,
            }
        }
    });
    usize::try_from(allocated.bytes_max).unwrap()
}
