//! One port for everything: the accept loop, its limits, and its end.
//!
//! tonic's own server takes no WebSocket upgrades and waits without limit when it stops, so the
//! loop is ours, over `hyper-util`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

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
use crate::interface::grpc::door::Door;
use crate::interface::grpc::pb::admin_service_server::AdminServiceServer;
use crate::interface::grpc::pb::chunk_service_server::ChunkServiceServer;
use crate::interface::grpc::pb::chunking_service_server::ChunkingServiceServer;
use crate::interface::grpc::pb::collection_service_server::CollectionServiceServer;
use crate::interface::grpc::pb::document_service_server::DocumentServiceServer;
use crate::interface::grpc::pb::operation_service_server::OperationServiceServer;
use crate::interface::grpc::pb::partition_service_server::PartitionServiceServer;
use crate::interface::grpc::pb::upload_service_server::UploadServiceServer;
use crate::interface::grpc::{
    admin, chunking, chunks, collections, documents, message, operations, partitions, pb, request,
    uploads,
};
use crate::interface::peer::{Introduced, Peer};
use crate::interface::tls;

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
#[derive(Clone, Debug)]
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
}

/// Serves, by TLS if there are settings, until `drain` is cancelled, then ends within 20 seconds: requests under way are told,
/// committed and answered; what is left is cut off, and can be resumed.
///
/// # Errors
///
/// Fails if reflection cannot be set up.
pub async fn serve(
    listener: TcpListener,
    tls: Option<tls::Settings>,
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
                let (tls, router) = (tls.clone(), router.clone());
                let watcher = graceful.watcher();
                tasks.spawn(async move {
                    connected(stream, address, tls, router, watcher).await;
                    drop(place);
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

/// Serves a connection to its end. One that breaks is the client's affair; its requests have logged.
async fn connected(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<tls::Settings>,
    router: Router,
    watcher: Watcher,
) {
    // Latency matters more than packets; without it the connection works as well.
    let _unsupported = stream.set_nodelay(true);
    let mut peer = Peer {
        address,
        certificate: None,
    };
    match tls {
        None => {
            let _broken = watcher.watch(connection(stream, peer, router)).await;
        }
        Some(tls) => {
            if let Some((stream, certificate)) = tls::accept(stream, &tls).await {
                peer.certificate = certificate;
                let _broken = watcher.watch(connection(stream, peer, router)).await;
            }
        }
    }
}

fn connection<S>(stream: S, peer: Peer, router: Router) -> impl GracefulConnection
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
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
    builder.http1().timer(TokioTimer::new());
    let service = TowerToHyperService::new(Introduced {
        inner: router,
        peer,
    });
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
        admin,
        door,
        clock,
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
        .add_service(AdminServiceServer::new(admin).max_decoding_message_size(message::BYTES_MAX));
    let admitted = axum::middleware::from_fn_with_state(door, request::admit);
    let router = services.routes().into_axum_router();
    Ok((health, router.layer(admitted)))
}

/// Reflection with our protos, and those that error details and health checks need to be readable.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
