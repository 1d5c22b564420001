//! The choice of a charset depends on the bytes alone, not on how they arrive: under every cut, and after a stop
//! while only ASCII has arrived.

use encoding_rs::WINDOWS_1252;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::ingest::checkpoint::Checkpoint;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine};
use sluice::domain::text::encoding::decoder::Choice;
use sluice::domain::text::encoding::decoding::{Decoding, Policy};
use sluice::domain::text::encoding::detection::undecided::{
    CONTEXT_BYTES, DECIDING_BYTES, HEAD_BYTES,
};

use crate::world::charset::{AUTO, ascii, decoded, decoded_pieces};
use crate::world::documents::repeatable;
use crate::world::run::ingest;
use crate::world::tokenizers::loaded;

/// Every cut in two, around the places where the deciding bytes begin and end.
#[test]
fn every_cut_around_the_deciding_bytes_gives_the_same_text() {
    let text = format!(
        "{}caf\u{E9}, d\u{E9}j\u{E0} vu. {}",
        ascii(2_000),
        ascii(34_000)
    );
    let source = WINDOWS_1252.encode(&text).0;
    let first = source.iter().position(|byte| !byte.is_ascii()).unwrap();
    let places = [0, HEAD_BYTES, first, first + DECIDING_BYTES, source.len()];
    let whole = decoded(AUTO, &source, source.len()).unwrap();
    assert_eq!((whole.0.as_str(), whole.1), (text.as_str(), "windows-1252"));
    for place in places {
        let from = place.saturating_sub(CONTEXT_BYTES + 4);
        for at in from..=source.len().min(place + CONTEXT_BYTES + 4) {
            let pieces = [&source[..at], &source[at..]];
            let cut = decoded_pieces(AUTO, pieces).unwrap();
            assert!(cut == whole, "cut at {at}");
        }
    }
}

/// Law 5: there are checkpoints while only ASCII has arrived, before the choice and after it.
#[test]
fn a_resume_before_the_choice_yields_the_same_rows() {
    let text = "Le caf\u{E9} de l'\u{E9}t\u{E9}, d\u{E9}j\u{E0} pass\u{E9}. ";
    let text = format!("{}{}", ascii(70_000), text.repeat(2_000));
    let latin = WINDOWS_1252.encode(&text).0;
    let latin_with_nul = [ascii(900).as_bytes(), b"\0", &latin[900..]].concat();
    let encoded: [(&[u8], &str); 3] = [
        (&latin, "windows-1252"),
        (text.as_bytes(), "UTF-8"),
        (&latin_with_nul, "windows-1252"),
    ];
    for (source, charset) in encoded {
        let spec = Spec::new(Request {
            max_size: Some(300),
            overlap: 60,
            ..Request::default()
        });
        let decoding = Decoding {
            nul: Policy::Replace,
            ..AUTO
        };
        let spec = spec.unwrap();
        let start = || Engine::new(&loaded(&spec), decoding, BATCH_BYTES_MIN);
        let whole = ingest(&mut start(), source, source.len(), || false, usize::MAX);
        assert_eq!(whole.summary.unwrap().charset.name(), charset);
        let flushed = ingest(&mut start(), source, 3_001, || true, usize::MAX);
        assert!(flushed.rows == whole.rows && flushed.summary == whole.summary);
        let is_undecided = |choice| choice == Choice::Ascii;
        let checkpoints = flushed.checkpoints.iter();
        let undecided = checkpoints.filter(|one| is_undecided(one.place.choice));
        assert!(
            undecided.count() > 10,
            "chunks are complete before the choice"
        );
        for checkpoint in &flushed.checkpoints {
            let stored = checkpoint.encode();
            let stored = Checkpoint::decode(&stored).unwrap();
            let committed = usize::try_from(stored.place.position.source).unwrap();
            let mut engine =
                Engine::resume(&loaded(&spec), decoding, BATCH_BYTES_MIN, &stored).unwrap();
            let rest = &source[committed..];
            let rest = ingest(&mut engine, rest, 1_777, || false, usize::MAX);
            let before = usize::try_from(stored.next_ordinal).unwrap();
            assert!(rest.rows == whole.rows[before..], "from byte {committed}");
            assert_eq!(rest.summary, whole.summary, "from byte {committed}");
        }
    }
}

/// A choice that little text decides: a resumed engine uses as much of the text as the first run.
#[test]
fn one_word_decides_the_same_from_every_checkpoint() {
    let words: [&[u8]; 8] = [
        b"caf\xE9",
        b"\xC4rzte",
        b"gar\xE7on",
        b"se\xF1or",
        b"\xEF\xF0\xE8\xE2\xE5\xF2",
        b"\x93quoted\x94",
        b"\xB1\xE6",
        b"\x83Q\x81[\x83g",
    ];
    let request = Request {
        max_size: Some(8),
        ..Request::default()
    };
    let spec = Spec::new(request).unwrap();
    for word in words {
        let mut random = repeatable(word.len() as u64);
        let source = [ascii(1_500).as_bytes(), word, b" and no more."].concat();
        let start = || Engine::new(&loaded(&spec), AUTO, BATCH_BYTES_MIN);
        let whole = ingest(&mut start(), &source, source.len(), || false, usize::MAX);
        let flushed = ingest(&mut start(), &source, 1, || true, usize::MAX);
        assert!(flushed.rows == whole.rows && flushed.summary == whole.summary);
        for checkpoint in &flushed.checkpoints {
            let committed = usize::try_from(checkpoint.place.position.source).unwrap();
            let mut engine =
                Engine::resume(&loaded(&spec), AUTO, BATCH_BYTES_MIN, checkpoint).unwrap();
            let rest = &source[committed..];
            let rest = ingest(&mut engine, rest, 1 + random(90), || false, usize::MAX);
            let before = usize::try_from(checkpoint.next_ordinal).unwrap();
            assert!(rest.rows == whole.rows[before..], "from byte {committed}");
            assert_eq!(rest.summary, whole.summary, "from byte {committed}");
        }
    }
}
