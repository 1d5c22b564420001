//! Turns the bytes of a document into steps for the caller.
//!
//! # Laws
//!
//! - The chunks do not depend on how the bytes are cut into messages, nor on a stop at the checkpoint of any batch.
//! - If the source changes after a checkpoint in text that a stored chunk covers, the change is detected.
//! - A checkpoint is valid at its `committed_offset`. Every chunk before that is in the checkpoint's batch or an
//!   earlier one.
//! - The engine holds one batch, one window of text and the source of that window. Its memory does not depend on the
//!   document.

use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::ingest::batch::{CHUNKS_MAX, Chunk, Gathered, Gathering};
use crate::domain::ingest::checkpoint::{Checkpoint, Error as CheckpointError};
use crate::domain::ingest::digest::{self, Running};
use crate::domain::ingest::parents::ParentTracker;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoder::{Choice, DECODED_AT_ONCE_BYTES_MAX};
use crate::domain::text::encoding::decoding::{Decoding, Fault};
use crate::domain::text::encoding::detection::undecided::HELD_BYTES_MAX;
use crate::domain::text::position::Position;
use crate::domain::text::source_map::RUN_BYTES;

/// The most text in a batch, in bytes. After a crash the client sends at most three batches and the unfinished one
/// again, less than 3 MiB.
pub const BATCH_BYTES_MAX: usize = 768 * 1024;
/// The smallest limit for the text of a batch. Smaller batches spend most of their time on commits.
pub const BATCH_BYTES_MIN: usize = 64 * 1024;

/// The memory of an engine besides its buffers: the engine itself, the detector while a charset is detected, and the
/// search tables of up to 512 separators.
const FIXED_BYTES: usize = 256 * 1024;

/// The bytes that must accumulate before the source is digested. Each digest moves the remaining bytes, which would
/// cost too much for every byte.
const DIGEST_BYTES_MIN: usize = 32 * 1024;

/// The next action of the caller.
#[derive(Debug, Eq, PartialEq)]
pub enum Step {
    /// Feed more of the source, or call [`Engine::finish`].
    Feed,
    /// Store a batch with its checkpoint.
    Store(Gathered),
    /// Stop: all chunks have been returned.
    Done(Summary),
}

/// The totals of a complete document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The SHA-256 of the source.
    pub source_sha256: [u8; 32],
    /// The end of the text, and so its length in every unit.
    pub end: Position,
    /// The number of chunks.
    pub chunks: u64,
    /// The number of faults that were replaced by U+FFFD.
    pub replaced: u64,
    /// The charset of the source.
    pub charset: Charset,
}

/// The ingest of one document.
///
/// ```
/// use sluice::domain::chunking::loaded_spec::LoadedSpec;
/// use sluice::domain::ingest::engine::{BATCH_BYTES_MAX, Engine, Step};
/// use sluice::domain::text::encoding::decoding::Decoding;
///
/// let mut engine = Engine::new(&LoadedSpec::default(), Decoding::default(), BATCH_BYTES_MAX);
/// assert_eq!(engine.feed(b"A short document."), 17);
/// engine.finish();
/// let Step::Store(batch) = engine.step()? else { panic!("there is a chunk") };
/// let batch = batch.digested();
/// assert_eq!(batch.text(&batch.chunks[0]), "A short document.");
/// let Step::Done(summary) = engine.step()? else { panic!("there is one chunk") };
/// assert_eq!(summary.end.source, 17);
/// # Ok::<(), sluice::domain::text::encoding::decoding::Fault>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    splitter: Splitter,
    spec_sha256: [u8; 32],
    gathering: Gathering,
    batch_bytes_max: usize,
    digest: Running,
    /// The source that was fed and is not in the digest yet: the bytes of the window.
    undigested: Vec<u8>,
    /// The number of the source's bytes in the digest.
    digested_bytes: u64,
    next_ordinal: u64,
    parents: ParentTracker,
    /// The number of faults replaced before this engine was created.
    replaced_before: u64,
    /// The expected digest of the text that the last chunk before this engine covers. `None` once it was compared.
    covered_sha256: Option<[u8; 32]>,
}

impl Engine {
    /// Starts a document. A batch is closed once it has `batch_bytes_max` bytes of text, or sooner. A value out of
    /// range is clamped.
    #[must_use]
    pub fn new(spec: &LoadedSpec, decoding: Decoding, batch_bytes_max: usize) -> Self {
        let splitter = Splitter::new(spec.chunker(), decoding);
        let batch_bytes_max = batch_bytes_max.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        Self {
            splitter,
            spec_sha256: spec_sha256(spec, decoding),
            gathering: Gathering::new(batch_bytes_max + spec.spec().limits().chunk_bytes_max()),
            batch_bytes_max,
            digest: Running::default(),
            undigested: Vec::new(),
            digested_bytes: 0,
            next_ordinal: 0,
            parents: ParentTracker::new(spec.spec().parents().len()),
            replaced_before: 0,
            covered_sha256: None,
        }
    }

    /// Resumes from a checkpoint, with the source from its `committed_offset` on.
    ///
    /// # Errors
    ///
    /// Fails if the checkpoint is of another spec or decoding policy, or is damaged.
    pub fn resume(
        spec: &LoadedSpec,
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
            parents,
            digest,
        } = checkpoint;
        let digest = Running::resume(digest);
        let started = Self::new(spec, decoding, batch_bytes_max);
        if *spec_sha256 != started.spec_sha256 {
            return Err(CheckpointError::Spec);
        }
        let is_start = place.position.source == 0;
        let has_structure = place.structure.is_some() == spec.spec().strategy().format().is_some();
        let has_choice = match place.choice {
            Choice::Start => is_start,
            Choice::Ascii => !is_start && decoding.charset.is_none(),
            Choice::Charset(_) => true,
        };
        if !parents.fits(spec.spec().parents().len(), place, *next_ordinal) {
            return Err(CheckpointError::Damaged { what: "parents" });
        }
        if place.covered > spec.spec().limits().overlap_bytes_max() || !has_choice || !has_structure
        {
            return Err(CheckpointError::Damaged { what: "place" });
        }
        Ok(Self {
            splitter: Splitter::resume(spec.chunker(), decoding, place.clone()),
            digest: digest.ok_or(CheckpointError::Damaged {
                what: "digest state",
            })?,
            digested_bytes: place.position.source,
            next_ordinal: *next_ordinal,
            parents: ParentTracker::resume(parents)
                .ok_or(CheckpointError::Damaged { what: "parents" })?,
            replaced_before: *replaced,
            covered_sha256: Some(*covered_sha256),
            ..started
        })
    }

    /// Changes the text limit of the batches that begin from now on.
    pub fn set_batch_bytes_max(&mut self, bytes: usize) {
        if self.gathering.is_empty() {
            self.batch_bytes_max = bytes.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
            let chunk = self.splitter.chunk_bytes_max();
            self.gathering.set_room(self.batch_bytes_max + chunk);
        }
    }

    /// Frees memory that is not needed until more is fed. The engine then holds at most [`Engine::rest_bytes_max`]
    /// and the batch that has begun.
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

    /// Whether all text has been chunked and the source has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.splitter.is_done()
    }

    /// Returns the most bytes that an engine with these settings holds at rest, without its batch: the horizon as
    /// text and as source, and the map between them.
    #[must_use]
    pub fn rest_bytes_max(spec: &LoadedSpec, decoding: Decoding) -> usize {
        let chunker = spec.chunker();
        let horizon = chunker.horizon_bytes();
        let marks = Splitter::marks_bytes(&chunker);
        if decoding.is_verbatim() {
            // The text has the same bytes as the source.
            return 2 * horizon + marks;
        }
        let held = match decoding.charset {
            Some(_) => 0,
            None => HELD_BYTES_MAX,
        };
        // Four bytes of source give at least one byte of text.
        horizon + 4 * horizon + RUN_BYTES * horizon + held + marks
    }

    /// Returns the most bytes that an engine with these settings holds while it works, without its batch.
    #[must_use]
    pub fn window_bytes_max(spec: &LoadedSpec, decoding: Decoding) -> usize {
        let chunker = spec.chunker();
        let window = Splitter::window_bytes(&chunker);
        let marks = Splitter::marks_bytes(&chunker) + Splitter::counts_bytes(&chunker);
        if decoding.is_verbatim() {
            // The text has the same bytes as the source.
            return 2 * window + marks;
        }
        window + source_bytes_max(chunker.horizon_bytes()) + runs_bytes_max(window) + marks
    }

    /// Returns the most bytes that an engine with these settings ever holds, for any document: the window's text,
    /// its source and the map between them, a batch, and the copies of a finder.
    #[must_use]
    pub fn memory_bytes_max(spec: &LoadedSpec, batch_bytes_max: usize) -> usize {
        let chunker = spec.chunker();
        let window = Splitter::window_bytes(&chunker);
        let batch = batch_bytes_max.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        let chunk = spec.spec().limits().chunk_bytes_max();
        let horizon = chunker.horizon_bytes();
        let gathering = 3 * (batch + chunk) + 3 * CHUNKS_MAX * size_of::<Chunk>();
        let window = window + source_bytes_max(horizon) + runs_bytes_max(window);
        let counts = Splitter::counts_bytes(&chunker);
        window + gathering + chunk + Splitter::marks_bytes(&chunker) + counts + FIXED_BYTES
    }

    /// Takes the first bytes of `source`, and returns their number. The number is 0 while a step must be done first,
    /// and may be less than all. Faults are reported in order, by [`Engine::step`].
    ///
    /// # Panics
    ///
    /// Panics after [`Engine::finish`].
    pub fn feed(&mut self, source: &[u8]) -> usize {
        // After a fault nothing is decoded, so no source is kept. The feed that finds the fault still keeps all its
        // bytes.
        let is_kept = !self.splitter.is_faulty();
        let taken = self.splitter.feed(source);
        if is_kept {
            self.undigested.extend_from_slice(&source[..taken]);
        }
        taken
    }

    /// Marks the end of the source.
    pub fn finish(&mut self) {
        self.splitter.finish();
    }

    /// Processes the bytes that were fed, until the caller has to act.
    ///
    /// # Errors
    ///
    /// Fails at a fault that the policy rejects, after the chunks that were decided before it. Fails too if the
    /// source does not begin with the text that the last chunk before the checkpoint covers.
    pub fn step(&mut self) -> Result<Step, Fault> {
        self.compare_covered()?;
        loop {
            if self.gathering.is_full(self.batch_bytes_max) {
                return Ok(Step::Store(self.close()));
            }
            match self.splitter.next_chunk() {
                Ok(Some(cut)) => {
                    let parents = self.parents.push(self.next_ordinal, &cut);
                    self.gathering.push(self.next_ordinal, cut, parents);
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

    /// Closes the batch with its current chunks. Returns `None` if there are no chunks.
    pub fn flush(&mut self) -> Option<Gathered> {
        (!self.gathering.is_empty()).then(|| self.close())
    }

    fn close(&mut self) -> Gathered {
        self.digest_decided();
        let (text, start) = self.gathering.text();
        let parents = self.parents.suspend(text, start);
        let checkpoint = Checkpoint {
            spec_sha256: self.spec_sha256,
            place: self.splitter.place(),
            covered_sha256: digest::sha256(self.splitter.covered().unwrap_or_default()),
            next_ordinal: self.next_ordinal,
            replaced: self.replaced(),
            parents,
            digest: self.digest.state(),
        };
        self.gathering.close(checkpoint)
    }

    /// Compares the text that was sent again with the text of the last chunk. The digest before the checkpoint does
    /// not include it, so nothing else would detect a change.
    fn compare_covered(&mut self) -> Result<(), Fault> {
        if let Some(expected) = self.covered_sha256
            && let Some(covered) = self.splitter.covered()
        {
            if digest::sha256(covered) != expected {
                let offset = self.splitter.position().source;
                return Err(Fault::Changed { offset });
            }
            self.covered_sha256 = None;
        }
        Ok(())
    }

    /// Digests the source before the window's start.
    fn digest_decided(&mut self) {
        let decided = self.splitter.position().source - self.digested_bytes;
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
        let end = self.splitter.position();
        let choice = self.splitter.choice();
        Summary {
            source_sha256: self.digest.sha256(),
            end,
            chunks: self.next_ordinal,
            replaced: self.replaced(),
            charset: choice
                .charset()
                .expect("chosen at the source's end at the latest"),
        }
    }
}

/// Returns the most bytes of source for a window. A growing buffer doubles, so at worst half of it is empty, and the
/// old half exists too while it grows. Four bytes of source give at least one byte of text, and nothing is decoded
/// while the window has more text than the horizon.
fn source_bytes_max(horizon: usize) -> usize {
    3 * (4 * horizon + DECODED_AT_ONCE_BYTES_MAX + DIGEST_BYTES_MIN)
}

/// Returns the most bytes of the map from a window's text to its source, which grows as the source does.
fn runs_bytes_max(window: usize) -> usize {
    3 * RUN_BYTES * window
}

/// Returns the digest of everything besides the source that decides the chunks.
fn spec_sha256(spec: &LoadedSpec, decoding: Decoding) -> [u8; 32] {
    digest::sha256(format!("{spec}; {decoding}").as_bytes())
}
