//! The chunking service: cuts without storing.

use tonic::{Request, Response, Status};

use crate::application::error::Error;
use crate::domain::chunking::spec::{self, Spec};
use crate::domain::chunking::strategy::Strategy;
use crate::domain::ingest::batch::Batch;
use crate::domain::ingest::machine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN, Machine, Step};
use crate::domain::text::decoding::Decoding;
use crate::interface::grpc::convert::chunking::{count, decoding, spec, to_position, to_spec};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunking_service_server::ChunkingService;
use crate::interface::grpc::status;

/// The most bytes that a preview takes.
const PREVIEW_BYTES_MAX: usize = 1024 * 1024;

/// Serves previews and descriptions.
#[derive(Clone, Copy, Debug)]
pub struct Service;

#[tonic::async_trait]
impl ChunkingService for Service {
    async fn preview(
        &self,
        request: Request<pb::PreviewRequest>,
    ) -> Result<Response<pb::PreviewResponse>, Status> {
        let pb::PreviewRequest {
            content,
            chunking,
            decoding: policy,
        } = request.into_inner();
        let cut = async {
            if content.len() > PREVIEW_BYTES_MAX {
                return Err(Error::MessageTooLarge {
                    most: PREVIEW_BYTES_MAX,
                });
            }
            let spec = spec(chunking.unwrap_or_default())?;
            let decoding = decoding(policy.unwrap_or_default())?;
            // A mebibyte takes some milliseconds: too long for the runtime's own threads.
            let cut = tokio::task::spawn_blocking(move || chunks(&spec, decoding, &content)).await;
            cut.unwrap_or_else(|_| Err(Error::Draining))
        };
        let chunks = cut.await.map_err(|error| status::of(&error))?;
        Ok(Response::new(pb::PreviewResponse { chunks }))
    }

    async fn list_strategies(
        &self,
        _request: Request<pb::ListStrategiesRequest>,
    ) -> Result<Response<pb::ListStrategiesResponse>, Status> {
        let strategies = Strategy::all().into_iter().filter_map(describe).collect();
        Ok(Response::new(pb::ListStrategiesResponse { strategies }))
    }
}

fn chunks(spec: &Spec, decoding: Decoding, content: &[u8]) -> Result<Vec<pb::PreviewChunk>, Error> {
    let mut machine = Machine::new(spec, decoding, BATCH_BYTES_MAX);
    let (mut rest, mut chunks) = (content, Vec::new());
    loop {
        match machine.step()? {
            Step::Feed if rest.is_empty() => machine.finish(),
            Step::Feed => rest = &rest[machine.feed(rest)..],
            Step::Store(batch) => chunks.extend(previews(&batch)),
            Step::Done(_) => return Ok(chunks),
        }
    }
}

fn previews(batch: &Batch) -> impl Iterator<Item = pb::PreviewChunk> + '_ {
    batch.chunks.iter().map(|chunk| pb::PreviewChunk {
        ordinal: count(chunk.ordinal),
        start: Some(to_position(chunk.span.start)),
        end: Some(to_position(chunk.span.end)),
        sha256: chunk.sha256.to_vec().into(),
        text: batch.text(chunk).to_owned(),
    })
}

fn describe(strategy: Strategy) -> Option<pb::StrategyDescription> {
    let request = spec::Request {
        strategy: Some(strategy),
        ..spec::Request::default()
    };
    let defaults = Spec::new(request).ok()?;
    let spec = to_spec(&defaults);
    Some(pb::StrategyDescription {
        strategy: spec.strategy,
        name: defaults.strategy().name().to_owned(),
        memory_bytes_max: count(Machine::memory_bytes_max(&defaults, BATCH_BYTES_MIN) as u64),
        defaults: Some(spec),
    })
}
