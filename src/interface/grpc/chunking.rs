//! The chunking service: it cuts content without storing it.

use std::pin::Pin;

use bytes::Bytes;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

use crate::application::caller::Caller;
use crate::application::chunking::stream::{ChunkStream, ChunkStreamEvent, Cut, Piece};
use crate::application::error::Error;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::preview::{CHUNK_BYTES, comparison_bytes, preview_bytes};
use crate::application::response_stream::{self, SendLimits};
use crate::application::spec_loader::SpecLoader;
use crate::application::uploads::limits::UploadLimits;
use crate::domain::chunking::comparison::{self, Comparison, Statistics};
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::strategy::Kind;
use crate::domain::ingest::batch::Batch;
use crate::domain::ingest::checkpoint::ENGINE_VERSION;
use crate::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step, Summary};
use crate::domain::text::encoding::decoding::Decoding;
use crate::interface::grpc::convert::chunking::{
    count, decoding, partial, spec, to_position, to_spec, to_strategy,
};
use crate::interface::grpc::convert::content::content;
use crate::interface::grpc::convert::structure::{to_parents, to_structure};
use crate::interface::grpc::convert::uploads::unread;
use crate::interface::grpc::extract;
use crate::interface::grpc::intake::{Intake, Messages};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunking_service_server::ChunkingService;

/// The maximum content of a preview, in bytes.
const PREVIEW_BYTES_MAX: usize = 1024 * 1024;

/// The largest response of a preview: clients usually accept 4 MiB.
const PREVIEW_RESPONSE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The maximum number of specs that are compared in one call.
const COMPARED_MAX: usize = 8;

/// Serves previews, streams and descriptions.
#[derive(Debug)]
pub struct Service {
    /// The memory shared with uploads.
    pub budget: MemoryBudget,
    /// The limits of a stream.
    pub bounds: UploadLimits,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
    /// Tracks the tasks of streams: the server waits for them when it stops.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub drain: CancellationToken,
}

#[tonic::async_trait]
impl ChunkingService for Service {
    type ChunkStreamStream =
        Pin<Box<dyn Stream<Item = Result<pb::ChunkStreamResponse, Status>> + Send>>;

    async fn chunk_stream(
        &self,
        request: Request<Streaming<pb::ChunkStreamRequest>>,
    ) -> Result<Response<Self::ChunkStreamStream>, Status> {
        let (sender, answers) = response_stream::channel(SendLimits {
            drain: self.drain.clone(),
            slow_reader_max: Some(self.bounds.slow_reader_max),
        });
        let intake = request.extensions().get::<Intake>();
        let intake = intake.cloned().unwrap_or_default();
        let (caller, pieces) = extract::of(request)?;
        let pieces = Messages::new(pieces, intake).map(piece);
        let stream = ChunkStream {
            budget: self.budget.clone(),
            bounds: self.bounds,
            caller,
            specs: self.specs.clone(),
        };
        self.tasks.spawn(async move {
            let done = stream.run(pieces, &sender).await;
            sender.end(done);
        });
        let responses = answers.map(|answer| match answer {
            Ok(answer) => Ok(response(answer)),
            Err(error) => Err(error.into()),
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn preview(
        &self,
        request: Request<pb::PreviewRequest>,
    ) -> Result<Response<pb::PreviewResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::PreviewRequest {
            content,
            chunking,
            decoding: policy,
        } = request;
        let spec = self
            .specs
            .load(&spec(chunking.unwrap_or_default())?)
            .await?;
        let decoding = decoding(policy.unwrap_or_default())?;
        let bytes = preview_bytes(&spec, decoding, content.len(), PREVIEW_RESPONSE_BYTES_MAX);
        let work = move |content: &[u8]| chunks(&spec, decoding, content);
        let (chunks, summary) = self.work(&caller, (content, bytes), work).await?;
        Ok(Response::new(pb::PreviewResponse {
            chunks,
            summary: Some(to_summary(summary)),
        }))
    }

    async fn compare_strategies(
        &self,
        request: Request<pb::CompareStrategiesRequest>,
    ) -> Result<Response<pb::CompareStrategiesResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::CompareStrategiesRequest {
            content,
            decoding: policy,
            chunkings,
        } = request;
        if chunkings.len() > COMPARED_MAX {
            let most = format!("must be at most {COMPARED_MAX}");
            return Err(Error::invalid("chunkings", most).into());
        }
        let specs: Vec<Spec> = if chunkings.is_empty() {
            Kind::ALL.into_iter().filter_map(default).collect()
        } else {
            chunkings.into_iter().map(spec).collect::<Result<_, _>>()?
        };
        let specs = self.loaded(&specs).await?;
        let decoding = decoding(policy.unwrap_or_default())?;
        let bytes = comparison_bytes(&specs, decoding, content.len());
        let compare = move |content: &[u8]| Ok(comparison::compare(specs, decoding, content)?);
        let compared = self.work(&caller, (content, bytes), compare).await?;
        let comparisons = compared.iter().map(to_comparison).collect();
        Ok(Response::new(pb::CompareStrategiesResponse { comparisons }))
    }

    async fn recommend_strategy(
        &self,
        request: Request<pb::RecommendStrategyRequest>,
    ) -> Result<Response<pb::RecommendStrategyResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::RecommendStrategyRequest {
            content,
            decoding: policy,
            chunking,
        } = request;
        let wanted = partial(chunking.unwrap_or_default())?;
        let decoding = decoding(policy.unwrap_or_default())?;
        let specs = comparison::every_strategy(&wanted).map_err(Error::from)?;
        let specs = self.loaded(&specs).await?;
        let bytes = comparison_bytes(&specs, decoding, content.len());
        let recommend = move |content: &[u8]| Ok(comparison::recommend(specs, decoding, content)?);
        let recommended = self.work(&caller, (content, bytes), recommend).await?;
        Ok(Response::new(pb::RecommendStrategyResponse {
            chunking: Some(to_spec(&recommended.spec)),
            reason: recommended.reason,
            comparisons: recommended.comparisons.iter().map(to_comparison).collect(),
        }))
    }

    async fn list_strategies(
        &self,
        _request: Request<pb::ListStrategiesRequest>,
    ) -> Result<Response<pb::ListStrategiesResponse>, Status> {
        let mut strategies = Vec::new();
        for kind in Kind::ALL {
            strategies.extend(self.describe(kind).await?);
        }
        Ok(Response::new(pb::ListStrategiesResponse {
            strategies,
            engine_version: ENGINE_VERSION.into(),
        }))
    }
}

impl Service {
    /// Loads the tokenizers of specs.
    async fn loaded(&self, specs: &[Spec]) -> Result<Vec<LoadedSpec>, Error> {
        let mut loaded = Vec::with_capacity(specs.len());
        for spec in specs {
            loaded.push(self.specs.load(spec).await?);
        }
        Ok(loaded)
    }

    async fn describe(&self, kind: Kind) -> Result<Option<pb::StrategyDescription>, Error> {
        let Some(defaults) = default(kind) else {
            return Ok(None);
        };
        let loaded = self.specs.load(&defaults).await?;
        Ok(Some(pb::StrategyDescription {
            strategy: to_strategy(kind).into(),
            name: kind.name().to_owned(),
            memory_bytes_max: count(Engine::memory_bytes_max(&loaded, BATCH_BYTES_MIN) as u64),
            defaults: Some(to_spec(&defaults)),
        }))
    }

    /// Runs `work` on some content within `bytes` of the budget. It runs outside the runtime's own threads, because a
    /// mebibyte takes some milliseconds.
    async fn work<T: Send + 'static>(
        &self,
        caller: &Caller,
        (content, bytes): (Bytes, usize),
        work: impl FnOnce(&[u8]) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if content.len() > PREVIEW_BYTES_MAX {
            let most = PREVIEW_BYTES_MAX;
            return Err(Error::MessageTooLarge { most });
        }
        let held = self.budget.hold(caller, bytes).await?;
        let done = tokio::task::spawn_blocking(move || {
            // Freed when the work ends, even if its client is gone.
            let _held = held;
            work(&content)
        });
        done.await.unwrap_or_else(|_panicked| Err(Error::Panicked))
    }
}

fn chunks(
    spec: &LoadedSpec,
    decoding: Decoding,
    content: &[u8],
) -> Result<(Vec<pb::PreviewChunk>, Summary), Error> {
    let mut engine = Engine::new(spec, decoding, BATCH_BYTES_MIN);
    let mut rest = content;
    let mut chunks = Vec::new();
    let mut bytes = 0;
    loop {
        match engine.step()? {
            Step::Feed if rest.is_empty() => engine.finish(),
            Step::Feed => rest = &rest[engine.feed(rest)..],
            Step::Store(batch) => {
                let batch = batch.digested();
                let sizes = batch.chunks.iter().map(|chunk| {
                    let parents = chunk.parents.as_ref();
                    let ended = parents.map_or(0, |parents| parents.ended.len());
                    let text = batch.text(chunk).len() + chunk.structure.bytes();
                    text + (1 + ended) * CHUNK_BYTES
                });
                bytes += sizes.sum::<usize>();
                if bytes > PREVIEW_RESPONSE_BYTES_MAX {
                    let most = PREVIEW_RESPONSE_BYTES_MAX;
                    return Err(Error::ResponseTooLarge { most });
                }
                chunks.extend(previews(&batch, true));
            }
            Step::Done(summary) => return Ok((chunks, summary)),
        }
    }
}

fn piece(received: Result<pb::ChunkStreamRequest, Status>) -> Result<Piece, Error> {
    let pb::ChunkStreamRequest {
        spec: cut,
        content: compressed,
        crc32c,
        compression,
        finish_write,
    } = received.map_err(|status| unread(&status))?;
    let cut = match cut {
        None => None,
        Some(cut) => Some(Cut {
            spec: spec(cut.chunking.unwrap_or_default())?,
            decoding: decoding(cut.decoding.unwrap_or_default())?,
            omits_text: cut.omit_text,
        }),
    };
    Ok(Piece {
        cut,
        content: content(compressed, compression)?,
        crc32c,
        finishes: finish_write,
    })
}

fn response(answer: ChunkStreamEvent) -> pb::ChunkStreamResponse {
    match answer {
        ChunkStreamEvent::Chunks {
            batch,
            has_text,
            memory: _sent,
        } => pb::ChunkStreamResponse {
            chunks: previews(&batch.digested(), has_text).collect(),
            summary: None,
        },
        ChunkStreamEvent::Summary(summary) => pb::ChunkStreamResponse {
            chunks: Vec::new(),
            summary: Some(to_summary(summary)),
        },
    }
}

fn to_summary(from: Summary) -> pb::SourceSummary {
    let Summary {
        source_sha256,
        end,
        chunks,
        replaced,
        charset,
    } = from;
    pb::SourceSummary {
        source_sha256: source_sha256.to_vec().into(),
        end: Some(to_position(end)),
        chunks: count(chunks),
        replaced: count(replaced),
        charset: charset.name().to_owned(),
    }
}

fn previews(batch: &Batch, has_text: bool) -> impl Iterator<Item = pb::PreviewChunk> + '_ {
    batch.chunks.iter().map(move |chunk| {
        let (parents, ended_parents) = to_parents(chunk.parents.as_ref(), chunk.ordinal);
        pb::PreviewChunk {
            ordinal: count(chunk.ordinal),
            start: Some(to_position(chunk.span.start)),
            end: Some(to_position(chunk.span.end)),
            sha256: chunk.sha256.to_vec().into(),
            text: if has_text {
                batch.text(chunk).to_owned()
            } else {
                String::new()
            },
            structure: Some(to_structure(&chunk.structure)),
            tokens: chunk.tokens.map(i64::from),
            record: None,
            parents,
            ended_parents,
        }
    })
}

fn to_comparison(from: &Comparison) -> pb::StrategyComparison {
    let Statistics {
        count: chunks,
        characters_min,
        characters,
        characters_max,
        clean_ends,
    } = from.chunks;
    pb::StrategyComparison {
        chunking: Some(to_spec(&from.spec)),
        chunks: count(chunks),
        characters_min: count(characters_min),
        characters_mean: count(characters / chunks.max(1)),
        characters_max: count(characters_max),
        repeated_bytes: count(from.repeated_bytes),
        clean_ends: count(clean_ends),
        parents: from.parents.iter().map(to_level).collect(),
    }
}

fn to_level(from: &Statistics) -> pb::LevelStatistics {
    pb::LevelStatistics {
        chunks: count(from.count),
        characters_min: count(from.characters_min),
        characters_mean: count(from.characters / from.count.max(1)),
        characters_max: count(from.characters_max),
        clean_ends: count(from.clean_ends),
    }
}

/// Returns the spec of a strategy with its defaults.
fn default(kind: Kind) -> Option<Spec> {
    let partial = Partial {
        strategy: Some(kind),
        ..Partial::default()
    };
    partial.over(&Partial::default()).ok()
}
