//! Any bytes, cut anywhere, stopped anywhere, with any settings: laws 1 to 3 and 5, and `max_bytes`.

use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::ingest::checkpoint::Checkpoint;
use sluice::domain::ingest::digest;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step};
use sluice::domain::structure::tracker::Structure;
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};
use sluice::domain::text::position::{Position, Span};

use crate::settings::{self, settings};
use crate::tokenizers::loaded;

/// The number of bytes that give the lengths of the pieces.
const LENGTHS: usize = 8;

/// The approximate number of chunks at whose ends the rest of the source is decoded.
const PLACES_MAX: usize = 32;

type Chunks = (Vec<Chunk>, Option<Fault>);

#[derive(Debug, Eq, PartialEq)]
struct Chunk {
    span: Span,
    text: String,
    structure: Structure,
}

/// Checks an input: the settings, the lengths of the pieces, and the source.
pub(crate) fn check(bytes: &[u8]) {
    let Some((chosen, rest)) = bytes.split_first_chunk::<{ settings::BYTES }>() else {
        return;
    };
    let Some((lengths, source)) = rest.split_first_chunk::<LENGTHS>() else {
        return;
    };
    let Some((spec, decoding)) = settings(*chosen) else {
        return;
    };
    let whole = split(&spec, decoding, &[source]);
    assert_eq!(
        split(&spec, decoding, &pieces(source, lengths)),
        whole,
        "law 1"
    );
    let again = resumed(&spec, decoding, &pieces(source, lengths));
    let (chunks, fault) = whole;
    // Only a run from the start sees the first bytes, which the advice in a fault needs.
    let unadvised = |fault: Option<Fault>| fault.map(|fault| fault.with_look(None));
    assert_eq!(again.0, chunks, "law 5");
    assert_eq!(unadvised(again.1), unadvised(fault), "law 5");
    let text = covered(&spec, &chunks);
    let declared = decoding.charset.filter(|charset| charset.is_wide());
    let is_other = |declared| Charset::by_mark(source).is_some_and(|marked| marked != declared);
    // A byte order mark of another charset takes precedence, so the declared charset decodes no part of the source.
    if fault.is_some() || declared.is_some_and(is_other) {
        return;
    }
    // From the start or end of each chunk, the rest of the source decodes to the rest of the text. The slice of one
    // chunk
    // is not decoded alone: after a fault, bytes are decoded again, and a slice may end there.
    let some = chunks.len() / PLACES_MAX + 1;
    let places = chunks
        .iter()
        .flat_map(|chunk| [chunk.span.start, chunk.span.end]);
    for place in places.step_by(some).chain([Position::default()]) {
        let rest = decoded(decoding, &source[at(place.source)..], place.source == 0);
        assert!(
            rest.is_none_or(|rest| rest == text[at(place.byte)..]),
            "law 2: {place:?}"
        );
    }
}

/// Cuts a source into pieces whose lengths are the values of `lengths` plus one, repeated in order.
fn pieces<'a>(source: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), source);
    for length in lengths.iter().cycle() {
        let (piece, others) = rest.split_at((usize::from(*length) + 1).min(rest.len()));
        pieces.push(piece);
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

fn split(spec: &Spec, decoding: Decoding, pieces: &[&[u8]]) -> Chunks {
    let mut splitter = Splitter::new(loaded(spec).chunker(), decoding);
    let mut chunks = Vec::new();
    let mut drain = |splitter: &mut Splitter| loop {
        match splitter.next_chunk() {
            Ok(Some(cut)) => chunks.push(Chunk {
                span: cut.span,
                text: cut.text.to_owned(),
                structure: cut.structure,
            }),
            Ok(None) => return None,
            Err(fault) => return Some(fault),
        }
    };
    let mut fault = None;
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let taken = splitter.feed(rest);
            assert!(taken > 0, "a drained splitter accepts bytes");
            rest = &rest[taken..];
            fault = fault.or_else(|| drain(&mut splitter));
        }
    }
    splitter.finish();
    fault = fault.or_else(|| drain(&mut splitter));
    (chunks, fault)
}

/// Splits the source with an engine that is replaced by a resumed one at every checkpoint.
fn resumed(spec: &Spec, decoding: Decoding, pieces: &[&[u8]]) -> Chunks {
    let source = pieces.concat();
    let mut lengths = pieces.iter().map(|piece| piece.len()).cycle();
    let mut engine = Engine::new(&loaded(spec), decoding, BATCH_BYTES_MIN);
    let (mut chunks, mut fed) = (Vec::new(), 0);
    loop {
        let batch = match engine.step() {
            Err(fault) => return (chunks, Some(fault)),
            Ok(Step::Done(summary)) => {
                assert_eq!(summary.chunks, chunks.len() as u64);
                assert_eq!(summary.source_sha256, digest::sha256(&source));
                assert_eq!(summary.end.source, source.len() as u64);
                return (chunks, None);
            }
            Ok(Step::Feed) if fed == source.len() => {
                engine.finish();
                continue;
            }
            Ok(Step::Feed) => {
                let Some(batch) = engine.flush() else {
                    let end = source.len().min(fed + lengths.next().unwrap().max(1));
                    fed += engine.feed(&source[fed..end]);
                    continue;
                };
                batch
            }
            Ok(Step::Store(batch)) => batch,
        };
        let batch = batch.digested();
        for chunk in &batch.chunks {
            assert_eq!(chunk.ordinal, chunks.len() as u64);
            let text = batch.text(chunk);
            assert_eq!(chunk.sha256, digest::sha256(text.as_bytes()));
            chunks.push(Chunk {
                span: chunk.span,
                text: text.to_owned(),
                structure: chunk.structure.clone(),
            });
        }
        let stored = Checkpoint::decode(&batch.checkpoint.encode()).unwrap();
        fed = at(stored.place.position.source);
        engine = Engine::resume(&loaded(spec), decoding, BATCH_BYTES_MIN, &stored).unwrap();
    }
}

/// Returns the text that the chunks cover. Each chunk must be its slice of the text, without gaps.
fn covered(spec: &Spec, chunks: &[Chunk]) -> String {
    let (mut text, mut start_before) = (String::new(), None);
    for Chunk {
        span, text: chunk, ..
    } in chunks
    {
        let [start, end] = [span.start.byte, span.end.byte].map(at);
        assert!(start_before < Some(start), "law 3: starts increase");
        assert!(start <= text.len() && text.len() < end, "law 3: {span:?}");
        let (known, new) = chunk.split_at(text.len() - start);
        assert_eq!(known, &text[start..], "law 2: the overlap");
        text.push_str(new);
        assert_eq!(text.len(), end, "law 2: {span:?}");
        assert!(chunk.len() <= spec.limits().max_bytes(), "law 4: {span:?}");
        start_before = Some(start);
    }
    let counted = places(&text);
    for Chunk {
        span, structure, ..
    } in chunks
    {
        let sections = structure.sections.iter().flat_map(|all| &all.listed);
        let starts = sections.map(|section| section.start);
        for place in starts.chain([span.start, span.end]) {
            assert_eq!(
                counted[at(place.byte)],
                (place.character, place.line),
                "law 2: {place:?}"
            );
        }
    }
    text
}

/// Counts the characters and the line ends before each byte, one by one.
fn places(text: &str) -> Vec<(u64, u64)> {
    let (mut counted, mut character, mut line) = (Vec::new(), 0, 0);
    let mut characters = text.chars().peekable();
    while let Some(one) = characters.next() {
        counted.resize(counted.len() + one.len_utf8(), (character, line));
        character += 1;
        let is_end = match one {
            '\r' => characters.peek() != Some(&'\n'),
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        line += u64::from(is_end);
    }
    counted.push((character, line));
    counted
}

/// Decodes a slice with the library, as a whole. `None` means that the charset is to be detected.
fn decoded(decoding: Decoding, slice: &[u8], is_start: bool) -> Option<String> {
    let charset = decoding.charset?;
    let mark = charset.byte_order_mark();
    let drops = is_start && decoding.byte_order_mark == ByteOrderMark::Drop;
    let slice = slice.strip_prefix(mark).filter(|_| drops).unwrap_or(slice);
    let Some(mut decoder) = charset.decoder() else {
        return Some(replaced(decoding, &utf_32(charset, slice)));
    };
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(slice.len())?);
    let (_, _, has_faults) = decoder.decode_to_string(slice, &mut text, true);
    assert!(
        !has_faults || decoding.invalid == Policy::Replace,
        "the source has no fault"
    );
    Some(replaced(decoding, &text))
}

fn replaced(decoding: Decoding, text: &str) -> String {
    match decoding.nul {
        Policy::Replace => text.replace('\0', "\u{FFFD}"),
        Policy::Reject => text.to_owned(),
    }
}

/// Decodes UTF-32, which the library does not support.
fn utf_32(charset: Charset, slice: &[u8]) -> String {
    let character = |unit: &[u8]| {
        let bytes = <[u8; 4]>::try_from(unit).ok()?;
        char::from_u32(if charset == Charset::UTF_32BE {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    };
    let characters = slice.chunks(4).map(character);
    characters
        .map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn at(place: u64) -> usize {
    usize::try_from(place).unwrap()
}
