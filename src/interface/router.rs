//! The routes, and the layers that each request passes first.

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::codec::CompressionEncoding;
use tonic::service::{Routes, RoutesBuilder};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;

use crate::application::catalog::changes::follower::Changes;
use crate::application::catalog::chunks::stream::Chunks;
use crate::application::catalog::collections::Collections;
use crate::application::catalog::documents::Documents;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::pressure::Pressure;
use crate::application::operations::lifecycle::Operations;
use crate::application::operations::watch::OperationWatch;
use crate::application::partitions::placement::Partitions;
use crate::application::ports::clock::Clock;
use crate::application::spec_loader::SpecLoader;
use crate::application::uploads::duplex::DuplexUpload;
use crate::application::uploads::limits::UploadLimits;
use crate::interface::grpc::message_limits;
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
    admin, chunking, chunks, collections, compression, documents, intake, limits, operations,
    partitions, pb, uploads,
};
use crate::interface::middleware::call;
use crate::interface::middleware::rate_limit::{self, AdmissionState};
use crate::interface::middleware::request::{self, RequestState};
use crate::interface::web::page::PageSettings;
use crate::interface::web::probes::Probes;
use crate::interface::web::ws_shared::SocketContext;
use crate::interface::web::ws_upgrade;
use crate::interface::web::{page, paths, probes};

/// The use cases and settings behind all routes.
#[derive(Debug)]
pub struct Services {
    /// Collections.
    pub collections: Collections,
    /// Documents.
    pub documents: Documents,
    /// Uploads, answered at their end or while they arrive.
    pub duplex_upload: DuplexUpload,
    /// Chunks.
    pub chunks: Chunks,
    /// Changes of chunks.
    pub changes: Changes,
    /// Operations.
    pub operations: Operations,
    /// Watches on operations.
    pub watching: OperationWatch,
    /// The memory that uploads and previews share.
    pub budget: MemoryBudget,
    /// The limits of an upload.
    pub bounds: UploadLimits,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
    /// Partitions.
    pub partitions: Partitions,
    /// Tenants, keys, and information about the server.
    pub admin: admin::Service,
    /// The state of the checks that every request passes.
    pub request_state: RequestState,
    /// The source of time and uids.
    pub clock: Arc<dyn Clock>,
    /// The shared state of WebSockets.
    pub socket_context: SocketContext,
    /// The state behind metrics and probes.
    pub probes: Probes,
    /// Memory pressure: whether memory is nearly used up.
    pub pressure: Pressure,
    /// Whether the store is full.
    pub is_full: watch::Receiver<bool>,
}

/// Sets a service's largest request, compressed or not, and the compressions that it accepts and sends.
macro_rules! served {
    ($service:expr) => {
        served!($service, message_limits::BYTES_MAX)
    };
    ($service:expr, $bytes_max:expr) => {
        $service
            .max_decoding_message_size($bytes_max)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    };
}

/// Returns the router of all services, and the reporter of the server's health.
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
        duplex_upload,
        chunks,
        changes,
        operations,
        watching,
        budget,
        bounds,
        specs,
        partitions,
        admin,
        request_state,
        clock,
        socket_context,
        probes,
        pressure,
        is_full,
    } = services;
    let uploads = uploads::Service {
        duplex_upload,
        clock,
    };
    let chunking = chunking::Service {
        budget,
        bounds,
        specs,
        tasks: tasks.clone(),
        drain: drain.clone(),
    };
    let operations = operations::Service {
        operations,
        watching,
    };
    let admission = request_state.admission.clone();
    let limits = limits::Service { admission };
    let (health, mut services) = about().await?;
    tasks.spawn(follow(health.clone(), is_full, drain.clone()));
    let collections = collections::Service { collections };
    let documents = documents::Service { documents };
    let chunks = chunks::Service { chunks, changes };
    let partitions = partitions::Service { partitions };
    services
        .add_service(served!(
            ChunkingServiceServer::new(chunking),
            message_limits::PREVIEW_BYTES_MAX
        ))
        .add_service(served!(
            UploadServiceServer::new(uploads),
            message_limits::UPLOAD_BYTES_MAX
        ))
        .add_service(served!(CollectionServiceServer::new(collections)))
        .add_service(served!(DocumentServiceServer::new(documents)))
        .add_service(served!(ChunkServiceServer::new(chunks)))
        .add_service(served!(OperationServiceServer::new(operations)))
        .add_service(served!(PartitionServiceServer::new(partitions)))
        .add_service(served!(AdminServiceServer::new(admin)))
        .add_service(served!(LimitServiceServer::new(limits)));
    let grpc = services.routes().into_axum_router();
    let about = PageSettings {
        is_https: request_state.allowed.is_https,
    };
    let web = web(socket_context, probes, about);
    Ok((
        health,
        authenticated_routes(grpc, request_state, pressure, web),
    ))
}

/// Adds the layers: some for calls only, the others for all requests. Calls of browsers are converted to gRPC first,
/// because browsers see trailers only at the end of the body.
fn authenticated_routes(
    grpc: Router,
    request_state: RequestState,
    pressure: Pressure,
    web: Router,
) -> Router {
    let state = AdmissionState {
        admission: request_state.admission.clone(),
        pressure,
    };
    let limited = middleware::from_fn_with_state(state, rate_limit::limit);
    let kept = middleware::from_fn_with_state(request_state.recorder.clone(), call::keep);
    let web = web.layer(limited.clone());
    let held = middleware::from_fn(intake::hold);
    let calls = grpc
        .layer(held)
        .layer(limited)
        .layer(kept)
        .layer(middleware::from_fn(compression::negotiate))
        .layer(GrpcWebLayer::new());
    let routes = calls.merge(web).layer(request_state.allowed.cors());
    routes.layer(middleware::from_fn_with_state(
        Arc::new(request_state),
        request::handle,
    ))
}

/// Reports that the server does not serve while its store is full, until the server stops.
async fn follow(
    health: HealthReporter,
    mut is_full: watch::Receiver<bool>,
    drain: CancellationToken,
) {
    while let Some(Ok(())) = drain.run_until_cancelled(is_full.changed()).await {
        let status = if *is_full.borrow_and_update() {
            ServingStatus::NotServing
        } else {
            ServingStatus::Serving
        };
        health.set_service_status("", status).await;
    }
    // The last status set above may be older than the drain.
    if drain.is_cancelled() {
        health
            .set_service_status("", ServingStatus::NotServing)
            .await;
    }
}

/// Returns the routes besides gRPC.
fn web(socket_context: SocketContext, probes: Probes, about: PageSettings) -> Router {
    let page = Router::new()
        .route(paths::PAGE, get(page::show))
        .with_state(about);
    let watched = Router::new()
        .route(paths::WEBSOCKET, get(ws_upgrade::open))
        .with_state(Arc::new(socket_context));
    let asked = Router::new()
        .route(paths::METRICS, get(probes::metrics))
        .route(paths::READYZ, get(probes::readyz))
        .route(paths::HEALTHZ, get(probes::healthz))
        .with_state(Arc::new(probes));
    page.merge(watched).merge(asked)
}

/// Returns reflection with the protos of this service, and those that make error details and health checks readable.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Returns the services that describe the server itself: health and reflection.
async fn about() -> Result<(HealthReporter, RoutesBuilder), tonic_reflection::server::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::Serving).await;
    let mut services = Routes::builder();
    services
        .add_service(served!(health_service))
        .add_service(served!(reflection().build_v1()?))
        .add_service(served!(reflection().build_v1alpha()?));
    Ok((health, services))
}
