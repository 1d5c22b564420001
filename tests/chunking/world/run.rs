//! Runs a document through the engine, and collects its chunks.

use crate::world::tokenizers::loaded;
use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::ingest::checkpoint::Checkpoint;
use sluice::domain::ingest::engine::{Engine, Step, Summary};
use sluice::domain::ingest::parents::Parents;
use sluice::domain::structure::tracker::Structure;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault};
use sluice::domain::text::position::Span;

/// A chunk with its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) span: Span,
    pub(crate) text: String,
    pub(crate) structure: Structure,
    /// The numbers of levels whose parents begin and end with it.
    pub(crate) levels: [usize; 2],
    pub(crate) tokens: Option<u32>,
}

/// Returns the chunks of `pieces`, and the fault after them if there is one.
pub(crate) fn split<'a>(
    spec: &Spec,
    decoding: Decoding,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Chunk>, Option<Fault>) {
    let mut splitter = Splitter::new(loaded(spec).chunker(), decoding);
    let mut chunks = Vec::new();
    let mut drain = |splitter: &mut Splitter| loop {
        match splitter.next_chunk() {
            Ok(Some(cut)) => chunks.push(Chunk {
                span: cut.span,
                text: cut.text.to_owned(),
                structure: cut.structure,
                levels: [cut.begun, cut.ended],
                tokens: cut.tokens,
            }),
            Ok(None) => return None,
            Err(fault) => return Some(fault),
        }
    };
    let mut fault = None;
    for mut piece in pieces {
        while !piece.is_empty() {
            let taken = splitter.feed(piece);
            assert!(taken > 0, "a drained splitter accepts bytes");
            piece = &piece[taken..];
            fault = fault.or_else(|| drain(&mut splitter));
        }
    }
    splitter.finish();
    fault = fault.or_else(|| drain(&mut splitter));
    assert!(fault.is_some() || splitter.is_done());
    (chunks, fault)
}

/// Returns the chunks of a text that arrives whole and is decoded unchanged.
pub(crate) fn chunks(spec: &Spec, text: &str) -> Vec<Chunk> {
    let decoding = Decoding {
        byte_order_mark: ByteOrderMark::Keep,
        ..Decoding::default()
    };
    let (chunks, fault) = split(spec, decoding, [text.as_bytes()]);
    assert_eq!(fault, None);
    chunks
}

/// The output of an engine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Ingested {
    pub(crate) rows: Vec<(u64, Span, [u8; 32], String, Structure)>,
    pub(crate) parents: Vec<Option<Parents>>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) summary: Option<Summary>,
}

/// Runs `source` through an engine in pieces of `piece_bytes`. Flushes after each piece for which `flushes` returns
/// `true`. Stops for good after `stop_after` batches.
pub(crate) fn ingest(
    engine: &mut Engine,
    source: &[u8],
    piece_bytes: usize,
    mut flushes: impl FnMut() -> bool,
    stop_after: usize,
) -> Ingested {
    let mut out = Ingested::default();
    let mut rest = source;
    while out.checkpoints.len() < stop_after {
        let batch = match engine.step().unwrap() {
            Step::Feed if rest.is_empty() => {
                engine.finish();
                continue;
            }
            Step::Feed => {
                rest = &rest[engine.feed(&rest[..piece_bytes.min(rest.len())])..];
                if !flushes() {
                    continue;
                }
                match engine.flush() {
                    Some(batch) => batch,
                    None => continue,
                }
            }
            Step::Store(batch) => batch,
            Step::Done(summary) => {
                out.summary = Some(summary);
                break;
            }
        };
        let batch = batch.digested();
        let row = |chunk: &sluice::domain::ingest::batch::Chunk| {
            (
                chunk.ordinal,
                chunk.span,
                chunk.sha256,
                batch.text(chunk).to_owned(),
                chunk.structure.clone(),
            )
        };
        out.rows.extend(batch.chunks.iter().map(row));
        let parents = batch.chunks.iter().map(|chunk| chunk.parents.clone());
        out.parents.extend(parents);
        out.checkpoints.push(batch.checkpoint);
    }
    out
}
