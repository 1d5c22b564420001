//! What is served at which path, and what every request passes before.

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::{Routes, RoutesBuilder};
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;

use crate::application::changes::Changes;
use crate::application::chunks::Chunks;
use crate::application::collections::Collections;
use crate::application::conversation::Conversation;
use crate::application::documents::Documents;
use crate::application::ingest::bounds::Bounds;
use crate::application::memory::budget::Budget;
use crate::application::operations::Operations;
use crate::application::partitions::Partitions;
use crate::application::ports::clock::Clock;
use crate::application::pressure::Pressure;
use crate::application::watch::Watching;
use crate::interface::door::entry::Door;
use crate::interface::door::limit::{self, Gate};
use crate::interface::door::request;
use crate::interface::grpc::pb::admin_service_server::AdminServiceServer;
use crate::interface::grpc::pb::chunk_service_server::ChunkServiceServer;
use crate::interface::grpc::pb::chunking_service_server::ChunkingServiceServer;
use crate::interface::grpc::pb::collection_service_server::CollectionServiceServer;
use crate::interface::grpc::pb::document_service_server::DocumentServiceServer;
use crate::interface::grpc::pb::limit_service_server::LimitServiceServer;
use crate::interface::grpc::pb::operation_service_server::OperationServiceServer;
use crate::interface::grpc::pb::partition_service_server::PartitionServiceServer;
use crate::interface::grpc::pb::upload_service_server::UploadServiceServer;
use crate::interface::grpc::{
    admin, call, chunking, chunks, collections, documents, intake, limits, message, operations,
    partitions, pb, uploads,
};
use crate::interface::web::gateway::Gateway;
use crate::interface::web::probes::Probes;
use crate::interface::web::{paths, probes, websocket};

/// Everything that is served.
#[derive(Debug)]
pub struct Services {
    /// Collections.
    pub collections: Collections,
    /// Documents.
    pub documents: Documents,
    /// Uploads, answered at their end or while they come in.
    pub conversation: Conversation,
    /// Chunks.
    pub chunks: Chunks,
    /// What changes in them.
    pub changes: Changes,
    /// Operations.
    pub operations: Operations,
    /// How they go on.
    pub watching: Watching,
    /// The memory that uploads and previews share.
    pub budget: Budget,
    /// What an upload may take.
    pub bounds: Bounds,
    /// Partitions.
    pub partitions: Partitions,
    /// Tenants, keys, and what the server is.
    pub admin: admin::Service,
    /// Who is let in.
    pub door: Door,
    /// Time and uids.
    pub clock: Arc<dyn Clock>,
    /// WebSockets.
    pub gateway: Gateway,
    /// Metrics and probes.
    pub probes: Probes,
    /// Whether there is memory for more.
    pub pressure: Pressure,
}

/// All that is served, and who says whether it is.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub(super) async fn router(
    services: Services,
    tasks: &TaskTracker,
    drain: &CancellationToken,
) -> Result<(HealthReporter, Router), tonic_reflection::server::Error> {
    let Services {
        collections,
        documents,
        conversation,
        chunks,
        changes,
        operations,
        watching,
        budget,
        bounds,
        partitions,
        admin,
        door,
        clock,
        gateway,
        probes,
        pressure,
    } = services;
    let uploads = uploads::Service {
        conversation,
        clock,
    };
    let chunking = chunking::Service {
        budget,
        bounds,
        tasks: tasks.clone(),
        drain: drain.clone(),
    };
    let operations = operations::Service {
        operations,
        watching,
    };
    let limits = limits::Service {
        admission: door.admission.clone(),
    };
    let (health, mut services) = about().await?;
    services
        .add_service(
            ChunkingServiceServer::new(chunking)
                .max_decoding_message_size(message::PREVIEW_BYTES_MAX),
        )
        .add_service(
            UploadServiceServer::new(uploads).max_decoding_message_size(message::UPLOAD_BYTES_MAX),
        )
        .add_service(
            CollectionServiceServer::new(collections::Service { collections })
                .max_decoding_message_size(message::BYTES_MAX),
        )
        .add_service(
            DocumentServiceServer::new(documents::Service { documents })
                .max_decoding_message_size(message::BYTES_MAX),
        )
        .add_service(
            ChunkServiceServer::new(chunks::Service { chunks, changes })
                .max_decoding_message_size(message::BYTES_MAX),
        )
        .add_service(
            OperationServiceServer::new(operations).max_decoding_message_size(message::BYTES_MAX),
        )
        .add_service(
            PartitionServiceServer::new(partitions::Service { partitions })
                .max_decoding_message_size(message::BYTES_MAX),
        )
        .add_service(AdminServiceServer::new(admin).max_decoding_message_size(message::BYTES_MAX))
        .add_service(LimitServiceServer::new(limits).max_decoding_message_size(message::BYTES_MAX));
    let grpc = services.routes().into_axum_router();
    let web = web(gateway, probes);
    Ok((health, behind_the_door(grpc, door, pressure, web)))
}

/// What calls pass that other requests do not, and what all pass. Calls of browsers are made gRPC
/// first of all, because browsers see trailers only at the end of the body.
fn behind_the_door(grpc: Router, door: Door, pressure: Pressure, web: Router) -> Router {
    let gate = Gate {
        admission: door.admission.clone(),
        pressure,
    };
    let limited = middleware::from_fn_with_state(gate, limit::admit);
    let kept = middleware::from_fn_with_state(door.recorder.clone(), call::keep);
    let web = web.layer(limited.clone());
    let held = middleware::from_fn(intake::hold);
    let calls = grpc
        .layer(held)
        .layer(limited)
        .layer(kept)
        .layer(GrpcWebLayer::new());
    let routes = calls.merge(web).layer(door.allowed.cors());
    routes.layer(middleware::from_fn_with_state(
        Arc::new(door),
        request::admit,
    ))
}

/// What is served besides gRPC.
fn web(gateway: Gateway, probes: Probes) -> Router {
    let watched = Router::new()
        .route(paths::WEBSOCKET, get(websocket::open))
        .with_state(Arc::new(gateway));
    let asked = Router::new()
        .route(paths::METRICS, get(probes::metrics))
        .route(paths::READYZ, get(probes::readyz))
        .route(paths::HEALTHZ, get(probes::healthz))
        .with_state(Arc::new(probes));
    watched.merge(asked)
}

/// Reflection with our protos, and those that error details and health checks need to be readable.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// What tells of the server itself: its health, and what it serves.
async fn about() -> Result<(HealthReporter, RoutesBuilder), tonic_reflection::server::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
    let mut services = Routes::builder();
    services
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Ok((health, services))
}
