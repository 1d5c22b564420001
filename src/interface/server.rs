//! One port for everything, gRPC and the web: the accept loop, its limits, and its end.
//!
//! tonic's own server takes no WebSocket upgrades and waits without limit when it stops, so the
//! loop is ours, over `hyper-util`.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use axum::http::Request;
use axum::routing::get;
use axum::{Router, middleware};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::codegen::Service;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;

use crate::application::admission::door::Admission;
use crate::application::changes::Changes;
use crate::application::chunks::Chunks;
use crate::application::collections::Collections;
use crate::application::conversation::Conversation;
use crate::application::documents::Documents;
use crate::application::ingest::bounds::Bounds;
use crate::application::ingest::budget::Budget;
use crate::application::operations::Operations;
use crate::application::partitions::Partitions;
use crate::application::ports::clock::Clock;
use crate::application::watch::Watching;
use crate::interface::door::origin::Allowed;
use crate::interface::door::{limit, request};
use crate::interface::grpc::pb::chunk_service_server::ChunkServiceServer;
use crate::interface::grpc::pb::chunking_service_server::ChunkingServiceServer;
use crate::interface::grpc::pb::collection_service_server::CollectionServiceServer;
use crate::interface::grpc::pb::document_service_server::DocumentServiceServer;
use crate::interface::grpc::pb::limit_service_server::LimitServiceServer;
use crate::interface::grpc::pb::operation_service_server::OperationServiceServer;
use crate::interface::grpc::pb::partition_service_server::PartitionServiceServer;
use crate::interface::grpc::pb::upload_service_server::UploadServiceServer;
use crate::interface::grpc::{
    call, chunking, chunks, collections, documents, limits, message, operations, partitions, pb,
    uploads,
};
use crate::interface::peer::Peer;
use crate::interface::web::gateway::Gateway;
use crate::interface::web::probes::Probes;
use crate::interface::web::{paths, probes, websocket};

/// Enough to keep one fast upload going; a hundred stalled ones hold 25 MiB.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The lever of upload speed: 16 KiB, the default, costs a third.
const FRAME_BYTES: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 256;
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// A peer that has vanished is noticed so soon.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(20);
/// Connections at once: below the usual limit of open files.
const CONNECTIONS_MAX: usize = 15_000;
/// How long requests under way may take when the server stops, before they are cut off.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// How long the loop rests after the system refused a connection, for want of files say.
const ACCEPT_REST: Duration = Duration::from_millis(50);

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
    /// Who may call how often.
    pub admission: Admission,
    /// Time and uids.
    pub clock: Arc<dyn Clock>,
    /// Who may come.
    pub allowed: Allowed,
    /// WebSockets.
    pub gateway: Gateway,
    /// Metrics and probes.
    pub probes: Probes,
}

/// Serves until `drain` is cancelled, then ends within 20 seconds: requests under way are told,
/// committed and answered; what is left is cut off, and can be resumed.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub async fn serve(
    listener: TcpListener,
    services: Services,
    tasks: TaskTracker,
    drain: CancellationToken,
) -> Result<(), tonic_reflection::server::Error> {
    let (health, router) = router(services, &tasks, &drain).await?;
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = drain.cancelled() => break,
        };
        // The semaphore is never closed.
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain.cancelled() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = connection(stream, Peer { address, place }, router.clone());
                let connection = graceful.watch(connection);
                tasks.spawn(async move {
                    // A connection that breaks is the client's affair; its requests have logged.
                    let _broken = connection.await;
                });
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection was not accepted"
                );
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    tasks.close();
    let finished = async {
        graceful.shutdown().await;
        tasks.wait().await;
    };
    if tokio::time::timeout(DRAIN_MAX, finished).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    Ok(())
}

/// The router of one connection: each request knows its peer.
#[derive(Clone)]
struct Connected {
    router: Router,
    peer: Arc<Peer>,
}

impl<B> Service<Request<B>> for Connected
where
    B: HttpBody<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(Arc::clone(&self.peer));
        self.router.call(request)
    }
}

fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection {
    // Latency matters more than packets; without it the connection works as well.
    let _unsupported = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WAIT);
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(HEADER_BYTES_MAX as usize);
    let peer = Arc::new(peer);
    let service = TowerToHyperService::new(Connected { router, peer });
    builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned()
}

async fn router(
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
        admission,
        clock,
        allowed,
        gateway,
        probes,
    } = services;
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
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
    let collections = collections::Service { collections };
    let documents = documents::Service { documents };
    let chunks = chunks::Service { chunks, changes };
    let partitions = partitions::Service { partitions };
    let limits = limits::Service {
        admission: admission.clone(),
    };
    let most = message::BYTES_MAX;
    let mut services = Routes::builder();
    services
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(
            ChunkingServiceServer::new(chunking)
                .max_decoding_message_size(message::PREVIEW_BYTES_MAX),
        )
        .add_service(
            UploadServiceServer::new(uploads).max_decoding_message_size(message::UPLOAD_BYTES_MAX),
        )
        .add_service(CollectionServiceServer::new(collections).max_decoding_message_size(most))
        .add_service(DocumentServiceServer::new(documents).max_decoding_message_size(most))
        .add_service(ChunkServiceServer::new(chunks).max_decoding_message_size(most))
        .add_service(OperationServiceServer::new(operations).max_decoding_message_size(most))
        .add_service(PartitionServiceServer::new(partitions).max_decoding_message_size(most))
        .add_service(LimitServiceServer::new(limits).max_decoding_message_size(most));
    let grpc = services.routes().into_axum_router();
    let web = web(gateway, probes);
    Ok((health, behind_the_door(grpc, allowed, web, admission)))
}

/// What calls pass that other requests do not, and what all pass. Calls of browsers are made gRPC
/// first of all, because browsers see trailers only at the end of the body.
fn behind_the_door(grpc: Router, allowed: Allowed, web: Router, admission: Admission) -> Router {
    let limited = middleware::from_fn_with_state(admission, limit::admit);
    let web = web.layer(limited.clone());
    let calls = grpc
        .layer(limited)
        .layer(middleware::from_fn(call::keep))
        .layer(GrpcWebLayer::new());
    let routes = calls.merge(web).layer(allowed.cors());
    let door = middleware::from_fn_with_state(Arc::new(allowed), request::admit);
    routes.layer(door)
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
