//! Chunks a stream of bytes without storing anything. While the client does not read chunks, the server does not read
//! its bytes.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio_stream::{Stream, StreamExt};

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::pool::Permit;
use crate::application::memory::upload::UploadMemory;
use crate::application::response_stream::{ResponseSender, StopReason};
use crate::application::spec_loader::SpecLoader;
use crate::application::store_error;
use crate::application::uploads::limits::UploadLimits;
use crate::application::uploads::min_rate::MinRate;
use crate::application::uploads::write::CONTENT_BYTES_MAX;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::ingest::batch::Gathered;
use crate::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step, Summary};
use crate::domain::text::encoding::decoding::Decoding;

/// The silence after which a client counts as slow: its stream keeps only the least share of memory.
const REST_AFTER: Duration = Duration::from_millis(50);
/// The interval at which the server checks how long a slow client has been silent.
const LOOK_AFTER: Duration = Duration::from_millis(250);

/// A piece of a source.
#[derive(Debug, Default)]
pub struct Piece {
    /// The spec and decoding; in the first message only.
    pub cut: Option<Cut>,
    /// The bytes.
    pub content: Bytes,
    /// The CRC-32C of the bytes, if the client sent it.
    pub crc32c: Option<u32>,
    /// Whether the source ends after them.
    pub finishes: bool,
}

/// The parameters of cutting a source.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// The spec.
    pub spec: Spec,
    /// The decoding policy.
    pub decoding: Decoding,
    /// Whether the client does not want the text.
    pub omits_text: bool,
}

/// A response to the client.
#[derive(Debug)]
pub enum ChunkStreamEvent {
    /// Chunks whose ends are decided.
    Chunks {
        /// The chunks.
        batch: Gathered,
        /// Whether the client wants their text.
        has_text: bool,
        /// The memory of the batch, held until it is sent.
        memory: Option<Permit>,
    },
    /// The end of the stream.
    Summary(Summary),
}

/// One client's stream.
#[derive(Debug)]
pub struct ChunkStream {
    /// The memory that it shares with uploads.
    pub budget: MemoryBudget,
    /// The limits of an upload.
    pub bounds: UploadLimits,
    /// The caller that sends the source.
    pub caller: Caller,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
}

struct Cutting {
    engine: Engine,
    counts_tokens: bool,
    specs: SpecLoader,
    omits_text: bool,
    received_bytes: u64,
    memory: UploadMemory,
}

impl ChunkStream {
    /// Receives the whole stream.
    ///
    /// # Errors
    ///
    /// Fails as an upload does, and if the stream ends before the source.
    pub async fn run<S>(
        &self,
        mut pieces: S,
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<(), StopReason>
    where
        S: Stream<Item = Result<Piece, Error>> + Send + Unpin,
    {
        let memory = UploadMemory::enter(&self.budget, &self.caller).await?;
        let mut entered = Some(memory);
        let mut min_rate = MinRate::new(self.bounds);
        let mut cutting: Option<Cutting> = None;
        let mut look_after = REST_AFTER;
        loop {
            let since = Instant::now();
            let next = tokio::select! {
                next = tokio::time::timeout(look_after, pieces.next()) => next,
                stop_reason = sender.stopped() => return Err(stop_reason),
            };
            min_rate.waited(since.elapsed())?;
            let Ok(next) = next else {
                if let Some(cutting) = &mut cutting {
                    cutting.rest();
                }
                look_after = LOOK_AFTER;
                continue;
            };
            look_after = REST_AFTER;
            let piece = next.ok_or_else(|| {
                Error::invalid("finish_write", "must be set before the stream ends")
            })??;
            min_rate.received(piece.content.len());
            let finishes = piece.finishes;
            let cutting = match (&mut cutting, &piece.cut) {
                (Some(_), Some(_)) => {
                    let only_first = "must be in the first message only";
                    return Err(Error::invalid("spec", only_first).into());
                }
                (Some(cutting), None) => cutting,
                (none, cut) => {
                    let memory = entered.take().ok_or(Error::Panicked)?;
                    none.insert(self.begin(cut.clone().unwrap_or_default(), memory).await?)
                }
            };
            self.check(cutting, &piece)?;
            cutting.cut(&piece.content, sender).await?;
            if finishes {
                return cutting.finish(sender).await;
            }
        }
    }

    async fn begin(&self, cut: Cut, mut memory: UploadMemory) -> Result<Cutting, Error> {
        let spec = self.specs.load(&cut.spec).await?;
        memory.size(&spec, cut.decoding).await?;
        Ok(Cutting {
            engine: Engine::new(&spec, cut.decoding, BATCH_BYTES_MIN),
            counts_tokens: spec.spec().tokenizer().is_some(),
            specs: self.specs.clone(),
            omits_text: cut.omits_text,
            received_bytes: 0,
            memory,
        })
    }

    fn check(&self, cutting: &mut Cutting, piece: &Piece) -> Result<(), Error> {
        let content = &piece.content;
        let most = self.bounds.source_bytes_max;
        if content.len() > CONTENT_BYTES_MAX {
            let most = CONTENT_BYTES_MAX;
            return Err(Error::MessageTooLarge { most });
        }
        let offset = cutting.received_bytes;
        if piece
            .crc32c
            .is_some_and(|given| given != crc32c::crc32c(content))
        {
            return Err(Error::ChecksumMismatch { offset });
        }
        cutting.received_bytes += content.len() as u64;
        if cutting.received_bytes > most {
            return Err(Error::SourceTooLarge { most });
        }
        Ok(())
    }
}

impl Cutting {
    /// Cuts bytes, and sends the chunks that they decide.
    async fn cut(
        &mut self,
        mut content: &[u8],
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<(), StopReason> {
        self.memory.receive(content.len());
        while !content.is_empty() {
            self.take_memory(sender).await?;
            content = &content[self.engine.feed(content)..];
            self.work(sender).await?;
        }
        self.flush(sender).await
    }

    /// Sends the chunks that are decided.
    async fn flush(&mut self, sender: &ResponseSender<ChunkStreamEvent>) -> Result<(), StopReason> {
        if let Some(batch) = self.engine.flush() {
            self.send(batch, sender).await?;
        }
        Ok(())
    }

    async fn send(
        &mut self,
        batch: Gathered,
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<(), StopReason> {
        let answer = ChunkStreamEvent::Chunks {
            batch,
            has_text: !self.omits_text,
            memory: self.memory.take_batch(),
        };
        sender.send(answer).await
    }

    /// Takes the memory to work in. If it has to wait, it sends the batch and gives its memory back first, so that it
    /// holds nothing that other owners wait for.
    async fn take_memory(
        &mut self,
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<(), StopReason> {
        if !self.memory.try_work() {
            self.flush(sender).await?;
            self.rest();
            self.memory.wait().await?;
        }
        self.engine.set_batch_bytes_max(self.memory.batch_bytes());
        Ok(())
    }

    /// Gives back the memory that is not needed until the next message.
    fn rest(&mut self) {
        self.engine.rest();
        self.memory.rest(self.engine.has_batch());
    }

    async fn finish(
        &mut self,
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<(), StopReason> {
        self.take_memory(sender).await?;
        self.engine.finish();
        match self.work(sender).await? {
            Some(summary) => sender.send(ChunkStreamEvent::Summary(summary)).await,
            None => Err(Error::from(store_error::Error::Damaged {
                what: "an engine without an end",
                source: None,
            })
            .into()),
        }
    }

    async fn work(
        &mut self,
        sender: &ResponseSender<ChunkStreamEvent>,
    ) -> Result<Option<Summary>, StopReason> {
        loop {
            let engine = &mut self.engine;
            let step = self.specs.run(self.counts_tokens, || engine.step());
            match step.await?.map_err(Error::from)? {
                Step::Feed => return Ok(None),
                Step::Store(batch) => {
                    self.send(batch, sender).await?;
                    if !self.engine.is_done() {
                        self.take_memory(sender).await?;
                    }
                }
                Step::Done(summary) => return Ok(Some(summary)),
            }
        }
    }
}
