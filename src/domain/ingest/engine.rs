//! Bytes in, steps out.
//!
//! # Laws
//!
//! - However the bytes are cut, the chunks are the same; so are they after any stop at a checkpoint
//!   of any batch.
//! - Nor can the source change after a checkpoint without being noticed, in what a chunk has already.
//! - A checkpoint is true at its `committed_offset`, and every chunk before it is in that batch or
//!   an earlier one.
//! - The engine holds one batch, one window of text and the source under that window: no more,
//!   whatever the document.

use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::ingest::batch::{CHUNKS_MAX, Chunk, Gathered, Gathering};
use crate::domain::ingest::checkpoint::{Checkpoint, Error as CheckpointError};
use crate::domain::ingest::digest::{self, Running};
use crate::domain::text::charset::Charset;
use crate::domain::text::decoder::{Choice, DECODED_AT_ONCE_BYTES_MAX};
use crate::domain::text::decoding::{Decoding, Fault};
use crate::domain::text::position::Position;
use crate::domain::text::source_map::RUN_BYTES;
use crate::domain::text::undecided::HELD_BYTES_MAX;

/// The most text in a batch. What a crash costs is sent again: three batches and what was under way
/// are less than 3 MiB.
pub const BATCH_BYTES_MAX: usize = 768 * 1024;
/// The least text that a batch may be limited to: smaller ones are all commit.
pub const BATCH_BYTES_MIN: usize = 64 * 1024;

/// What an engine holds besides its buffers: itself, while a charset is detected the detector, and
/// the search tables of 512 separators, the most that a ladder has.
const FIXED_BYTES: usize = 256 * 1024;

/// The source is digested once there is so much: moving the rest up for every byte would cost more.
const DIGEST_BYTES_MIN: usize = 32 * 1024;

/// What the caller has to do next.
#[derive(Debug, Eq, PartialEq)]
pub enum Step {
    /// Feed more of the source, or finish.
    Feed,
    /// Store a batch with its checkpoint.
    Store(Gathered),
    /// Nothing: every chunk is out.
    Done(Summary),
}

/// What is known of a document once it is complete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The SHA-256 of the source.
    pub source_sha256: [u8; 32],
    /// The text's end, and so its length in every unit.
    pub end: Position,
    /// How many chunks there are.
    pub chunks: u64,
    /// How many faults became U+FFFD.
    pub replaced: u64,
    /// What the source was decoded from.
    pub charset: Charset,
}

/// The ingest of one document.
///
/// ```
/// use sluice::domain::chunking::spec::Spec;
/// use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, Engine, Step};
/// use sluice::domain::text::decoding::Decoding;
///
/// let mut engine = Engine::new(&Spec::default(), Decoding::default(), BATCH_BYTES_MAX);
/// assert_eq!(engine.feed(b"A short document."), 17);
/// engine.finish();
/// let Step::Store(batch) = engine.step()? else { panic!("there is a chunk") };
/// let batch = batch.digested();
/// assert_eq!(batch.text(&batch.chunks[0]), "A short document.");
/// let Step::Done(summary) = engine.step()? else { panic!("there is one chunk") };
/// assert_eq!(summary.end.source, 17);
/// # Ok::<(), sluice::domain::text::decoding::Fault>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    splitter: Splitter,
    spec_sha256: [u8; 32],
    gathering: Gathering,
    batch_bytes_max: usize,
    digest: Running,
    /// The source that was fed and is not in the digest: what lies under the window.
    undigested: Vec<u8>,
    /// How many bytes of the source are in the digest.
    digested_bytes: u64,
    next_ordinal: u64,
    /// Faults replaced before this engine was made.
    replaced_before: u64,
    /// The digest that the text has to have which the last chunk before this engine covers, until it is
    /// there and was compared.
    covered_sha256: Option<[u8; 32]>,
}

impl Engine {
    /// Starts a document. A batch is closed once it has `batch_bytes_max` bytes of text, or sooner;
    /// out of range, the nearest bound is taken.
    #[must_use]
    pub fn new(spec: &Spec, decoding: Decoding, batch_bytes_max: usize) -> Self {
        let splitter = Splitter::new(spec.chunker(), decoding);
        let batch_bytes_max = batch_bytes_max.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        Self {
            splitter,
            spec_sha256: spec_sha256(spec, decoding),
            gathering: Gathering::new(batch_bytes_max + spec.limits().chunk_bytes_max()),
            batch_bytes_max,
            digest: Running::default(),
            undigested: Vec::new(),
            digested_bytes: 0,
            next_ordinal: 0,
            replaced_before: 0,
            covered_sha256: None,
        }
    }

    /// Goes on from a checkpoint, with the source from its `committed_offset` on.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint was made with another spec or decoding policy, or is damaged.
    pub fn resume(
        spec: &Spec,
        decoding: Decoding,
        batch_bytes_max: usize,
        checkpoint: &Checkpoint,
    ) -> Result<Self, CheckpointError> {
        let Checkpoint {
            spec_sha256,
            place,
            covered_sha256,
            next_ordinal,
            replaced,
            digest,
        } = checkpoint;
        let digest = Running::resume(digest);
        let started = Self::new(spec, decoding, batch_bytes_max);
        if *spec_sha256 != started.spec_sha256 {
            return Err(CheckpointError::Spec);
        }
        let is_start = place.position.source == 0;
        let has_choice = match place.choice {
            Choice::Start => is_start,
            Choice::Ascii => !is_start && decoding.charset.is_none(),
            Choice::Charset(_) => true,
        };
        if place.covered > spec.limits().overlap_bytes_max() || !has_choice {
            return Err(CheckpointError::Damaged { what: "place" });
        }
        Ok(Self {
            splitter: Splitter::resume(spec.chunker(), decoding, *place),
            digest: digest.ok_or(CheckpointError::Damaged {
                what: "digest state",
            })?,
            digested_bytes: place.position.source,
            next_ordinal: *next_ordinal,
            replaced_before: *replaced,
            covered_sha256: Some(*covered_sha256),
            ..started
        })
    }

    /// Changes how much text the batches have that begin from now on.
    pub fn set_batch_bytes_max(&mut self, bytes: usize) {
        if self.gathering.is_empty() {
            self.batch_bytes_max = bytes.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
            let chunk = self.splitter.chunk_bytes_max();
            self.gathering.set_room(self.batch_bytes_max + chunk);
        }
    }

    /// Gives back what is not needed until more is fed: from here it holds [`Engine::rest_bytes_max`], and the
    /// batch that has begun.
    pub fn rest(&mut self) {
        self.digest_decided();
        self.undigested.shrink_to_fit();
        self.splitter.rest();
    }

    /// Whether a batch has begun.
    #[must_use]
    pub fn has_batch(&self) -> bool {
        !self.gathering.is_empty()
    }

    /// Whether there is no text left, nor will be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.splitter.is_done()
    }

    /// The most bytes that an engine with these settings holds at rest, without its batch: what a chunk is
    /// decided by, as text and as source, and the map between them.
    #[must_use]
    pub fn rest_bytes_max(spec: &Spec, decoding: Decoding) -> usize {
        let horizon = spec.limits().horizon_bytes();
        if decoding.is_verbatim() {
            // Text is source, byte by byte.
            return 2 * horizon;
        }
        let held = match decoding.charset {
            Some(_) => 0,
            None => HELD_BYTES_MAX,
        };
        // Four bytes of source make at least one of text.
        horizon + 4 * horizon + RUN_BYTES * horizon + held
    }

    /// The most bytes that an engine with these settings holds while it works, without its batch.
    #[must_use]
    pub fn window_bytes_max(spec: &Spec, decoding: Decoding) -> usize {
        let window = Splitter::window_bytes(&spec.chunker());
        if decoding.is_verbatim() {
            // Text is source, byte by byte.
            return 2 * window;
        }
        window + source_bytes_max(spec.limits().horizon_bytes()) + runs_bytes_max(window)
    }

    /// The most bytes that an engine with these settings ever holds, whatever the document: the
    /// window's text, its source and the map between them; a batch; what a finder copies.
    #[must_use]
    pub fn memory_bytes_max(spec: &Spec, batch_bytes_max: usize) -> usize {
        let window = Splitter::window_bytes(&spec.chunker());
        let batch = batch_bytes_max.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        let chunk = spec.limits().chunk_bytes_max();
        let horizon = spec.chunker().horizon_bytes();
        let gathering = 3 * (batch + chunk) + 3 * CHUNKS_MAX * size_of::<Chunk>();
        let window = window + source_bytes_max(horizon) + runs_bytes_max(window);
        window + gathering + chunk + FIXED_BYTES
    }

    /// Takes the first bytes of `source`, and returns how many: none while a step has to be done
    /// first, or a part. Faults are reported in their turn, by [`Engine::step`].
    ///
    /// # Panics
    ///
    /// Panics after [`Engine::finish`].
    pub fn feed(&mut self, source: &[u8]) -> usize {
        // Behind a fault nothing is decoded, and so nothing is kept; before it, in the feed that
        // finds it, everything is.
        let is_kept = !self.splitter.is_faulty();
        let taken = self.splitter.feed(source);
        if is_kept {
            self.undigested.extend_from_slice(&source[..taken]);
        }
        taken
    }

    /// Says that the source has ended.
    pub fn finish(&mut self) {
        self.splitter.finish();
    }

    /// Works on what was fed, until there is something to do.
    ///
    /// # Errors
    ///
    /// Fails at a fault that the policy rejects, after the chunks that were decided before it; and if
    /// the source does not begin with the text that the last chunk before the checkpoint covers.
    pub fn step(&mut self) -> Result<Step, Fault> {
        self.compare_covered()?;
        loop {
            if self.gathering.is_full(self.batch_bytes_max) {
                return Ok(Step::Store(self.close()));
            }
            match self.splitter.next_chunk() {
                Ok(Some(cut)) => {
                    self.gathering.push(self.next_ordinal, cut);
                    self.next_ordinal += 1;
                }
                Ok(None) => break,
                Err(_) if !self.gathering.is_empty() => return Ok(Step::Store(self.close())),
                Err(fault) => return Err(fault),
            }
        }
        if !self.splitter.is_done() {
            if self.undigested.len() >= DIGEST_BYTES_MIN {
                self.digest_decided();
            }
            return Ok(Step::Feed);
        }
        self.digest_decided();
        Ok(self
            .flush()
            .map_or_else(|| Step::Done(self.summary()), Step::Store))
    }

    /// Closes the batch with the chunks that there are, if any.
    pub fn flush(&mut self) -> Option<Gathered> {
        (!self.gathering.is_empty()).then(|| self.close())
    }

    fn close(&mut self) -> Gathered {
        self.digest_decided();
        let checkpoint = Checkpoint {
            spec_sha256: self.spec_sha256,
            place: self.splitter.place(),
            covered_sha256: digest::sha256(self.splitter.covered().unwrap_or_default()),
            next_ordinal: self.next_ordinal,
            replaced: self.replaced(),
            digest: self.digest.state(),
        };
        self.gathering.close(checkpoint)
    }

    /// Compares what was sent again with what a chunk has already: it is not in the digest before the
    /// checkpoint, so nothing else would notice that it is another.
    fn compare_covered(&mut self) -> Result<(), Fault> {
        if let Some(expected) = self.covered_sha256
            && let Some(covered) = self.splitter.covered()
        {
            if digest::sha256(covered) != expected {
                let offset = self.splitter.place().position.source;
                return Err(Fault::Changed { offset });
            }
            self.covered_sha256 = None;
        }
        Ok(())
    }

    /// Digests the source before the window's start.
    fn digest_decided(&mut self) {
        let decided = self.splitter.place().position.source - self.digested_bytes;
        let decided = usize::try_from(decided).unwrap_or(usize::MAX);
        debug_assert!(decided <= self.undigested.len(), "decided, but never fed");
        let decided = decided.min(self.undigested.len());
        self.digest.update(&self.undigested[..decided]);
        self.undigested.drain(..decided);
        self.digested_bytes += decided as u64;
    }

    fn replaced(&self) -> u64 {
        self.replaced_before + self.splitter.replaced()
    }

    fn summary(&self) -> Summary {
        let place = self.splitter.place();
        Summary {
            source_sha256: self.digest.sha256(),
            end: place.position,
            chunks: self.next_ordinal,
            replaced: self.replaced(),
            charset: place
                .choice
                .charset()
                .expect("chosen at the source's end at the latest"),
        }
    }
}

/// The most bytes of source under a window. Buffers that grow double, so at the worst half of them is empty, and
/// while they grow the old half is there too. Four bytes of source make at least one of text, and nothing is
/// decoded while there is more text than the horizon.
fn source_bytes_max(horizon: usize) -> usize {
    3 * (4 * horizon + DECODED_AT_ONCE_BYTES_MAX + DIGEST_BYTES_MIN)
}

/// The most bytes of the map from a window's text to its source, which grows as the source does.
fn runs_bytes_max(window: usize) -> usize {
    3 * RUN_BYTES * window
}

/// The digest of everything that decides chunks besides the source.
fn spec_sha256(spec: &Spec, decoding: Decoding) -> [u8; 32] {
    digest::sha256(format!("{spec}; {decoding}").as_bytes())
}
