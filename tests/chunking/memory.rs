//! Law 6: no document makes the engine hold more than it declares.

use allocation_counter::measure;
use sluice::domain::ingest::machine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN, Machine, Step};
use sluice::domain::text::decoding::{Decoding, Policy};

use crate::world::documents::{Document, pathological};
use crate::world::specs::specs;

/// Long enough that anything kept per byte, or per chunk, shows.
const DOCUMENT_BYTES: usize = 1_500_000;

/// No spec with chunks of up to 64 KiB needs more, at the smallest batch.
const HELD_BYTES_MAX: usize = 8 * 1024 * 1024;

#[test]
fn no_document_makes_a_machine_hold_more_than_it_declares() {
    let mut documents = pathological(DOCUMENT_BYTES);
    // Half the bytes are faults, so no two neighbours have the same length in the source.
    documents.push(Document::new("faults", "a\u{0}".repeat(DOCUMENT_BYTES / 2)));
    for spec in specs(1_000, &[200]).into_iter().step_by(7) {
        let declared = Machine::memory_bytes_max(&spec, BATCH_BYTES_MIN);
        assert!(declared <= HELD_BYTES_MAX, "{declared} bytes: {spec}");
        for document in &documents {
            let held = held(&spec, document, BATCH_BYTES_MIN);
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
    let declared = Machine::memory_bytes_max(spec, BATCH_BYTES_MAX);
    assert!(held(spec, document, BATCH_BYTES_MAX) <= declared);
    assert!(declared <= 12 * 1024 * 1024);
}

/// A client that goes on sending after a fault is not collected.
#[test]
fn what_follows_a_fault_is_not_held() {
    let spec = &specs(1_000, &[])[0];
    let source = vec![0xFF; 4_000_000];
    let allocated = measure(|| {
        let mut machine = Machine::new(spec, Decoding::default(), BATCH_BYTES_MIN);
        for piece in source.chunks(65_536) {
            assert_eq!(machine.feed(piece), piece.len());
        }
        assert!(machine.step().is_err());
    });
    assert!(allocated.bytes_max < 1_000_000, "{}", allocated.bytes_max);
}

fn held(
    spec: &sluice::domain::chunking::spec::Spec,
    document: &Document,
    batch_bytes: usize,
) -> usize {
    let decoding = Decoding {
        nul: Policy::Replace,
        ..Decoding::default()
    };
    let allocated = measure(|| {
        let mut machine = Machine::new(spec, decoding, batch_bytes);
        let mut rest = document.text.as_bytes();
        loop {
            match machine.step().unwrap() {
                Step::Feed if rest.is_empty() => machine.finish(),
                Step::Feed => rest = &rest[machine.feed(&rest[..rest.len().min(65_536)])..],
                Step::Store(batch) => drop(batch.digested()),
                Step::Done(_) => break,
            }
        }
    });
    usize::try_from(allocated.bytes_max).unwrap()
}
