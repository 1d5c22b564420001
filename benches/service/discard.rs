//! Two servers on the same transport that store nothing. One only counts bytes, the other does everything that an
//! upload takes except storing.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use sluice::application::caller::Caller;
use sluice::application::commit_order::CommitTicket;
use sluice::application::events::bus::Bus;
use sluice::application::events::link::Link;
use sluice::application::memory::budget::MemoryBudget;
use sluice::application::ports::operations::Operation;
use sluice::application::ports::uploads::{NewUpload, Started, Upload, UploadEnd, Uploads, Writer};
use sluice::application::rate_limit::admission::Admission;
use sluice::application::rate_limit::limits::{Limits, PrincipalLimits};
use sluice::application::store_error::Error;
use sluice::application::uploads::flush_timer::FlushSchedule;
use sluice::application::uploads::lifecycle;
use sluice::application::uploads::limits::UploadLimits;
use sluice::application::uploads::services::PipelineServices;
use sluice::application::uploads::upload_stream::{UploadNotifier, UploadStream};
use sluice::domain::operation::state::State;

use sluice::application::spec_loader::SpecLoader;
use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::ingest::batch::Batch;
use sluice::domain::limits::rate::{self, Rate};
use sluice::domain::names::uid::{DocumentUid, OperationUid};
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::domain::timestamp::Timestamp;
use sluice::infrastructure::system_clock::System;
use sluice::infrastructure::tokenizers::folder::TokenizerFolder;
use sluice::interface::grpc::convert;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_server::{UploadService, UploadServiceServer};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// Starts a server that counts bytes, with tonic's default settings.
pub(crate) async fn serve_default() -> SocketAddr {
    serve(Server::builder(), Service { uploads: None }).await
}

/// Starts a server that counts bytes, with the windows and frames of the service.
pub(crate) async fn serve_bare() -> SocketAddr {
    serve(as_the_service(), Service { uploads: None }).await
}

/// Starts a server that receives uploads as the service does, over a store that keeps nothing.
pub(crate) async fn serve_receiving() -> SocketAddr {
    let config = sluice::config::sections::uploads::Uploads::default();
    let second = std::time::Duration::from_secs(1);
    let bounds = UploadLimits {
        source_bytes_max: config.source_bytes_max,
        memory_bytes_max: config.memory_bytes_max,
        waiting_bytes_max: config.memory_bytes_max,
        memory_wait_max: second,
        idle_max: 60 * second,
        rate_bytes_min: 1,
        rate_window: 60 * second,
        slow_reader_max: second,
        old_version_kept: second,
    };
    let tokenizers = TokenizerFolder::open(Path::new("")).expect("no folder is opened");
    let services = PipelineServices {
        store: Arc::new(Nowhere::default()),
        bus: Arc::new(Bus::new(Link::Alone, false)),
        clock: Arc::new(System),
        tasks: TaskTracker::new(),
        bounds,
        specs: SpecLoader::new(Arc::new(tokenizers), 2),
        flush_schedule: FlushSchedule::default(),
    };
    let budget = MemoryBudget::new(
        bounds.memory_bytes_max,
        bounds.waiting_bytes_max,
        bounds.memory_wait_max,
    );
    let uploads = lifecycle::UploadLifecycle::new(services, budget, admission());
    let service = Service {
        uploads: Some(uploads),
    };
    serve(as_the_service(), service).await
}

/// Returns limits that no client reaches, so that no limit is measured.
fn admission() -> Admission {
    let rate = Rate::new(rate::PER_SECOND_MAX, rate::BURST_MAX);
    let limits = Limits::of(PrincipalLimits::each(rate, rate::BURST_MAX), rate);
    Admission::new(limits, None, [0; 16].into())
}

fn as_the_service() -> Server {
    Server::builder()
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_frame_size(256 * 1024)
}

async fn serve(mut server: Server, service: Service) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let service = UploadServiceServer::new(service);
    let server =
        server
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener).map(|accepted| {
                // tonic ignores its own setting for connections that it does not accept itself.
                accepted.inspect(|stream| stream.set_nodelay(true).expect("TCP has it"))
            }));
    tokio::spawn(server);
    address
}

struct Service {
    uploads: Option<lifecycle::UploadLifecycle>,
}

#[tonic::async_trait]
impl UploadService for Service {
    type StreamDocumentStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamDocumentResponse, Status>> + Send>>;

    async fn upload_document(
        &self,
        request: Request<Streaming<pb::UploadDocumentRequest>>,
    ) -> Result<Response<pb::UploadDocumentResponse>, Status> {
        let mut messages = request.into_inner();
        if let Some(uploads) = &self.uploads {
            let stream = UploadStream {
                uploads,
                caller: &Caller::anonymous(),
                drain: &CancellationToken::new(),
            };
            let messages = messages.map(|message| convert::uploads::message(&System, message));
            let done = stream.run(messages, UploadNotifier::default()).await;
            done.map_err(|error| Status::internal(error.to_string()))?;
        } else {
            let mut bytes = 0;
            while let Some(message) = messages.message().await? {
                bytes += message.content.len();
            }
            assert!(bytes > 0, "the source has bytes");
        }
        Ok(Response::new(pb::UploadDocumentResponse::default()))
    }

    async fn stream_document(
        &self,
        _request: Request<Streaming<pb::StreamDocumentRequest>>,
    ) -> Result<Response<Self::StreamDocumentStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_upload(
        &self,
        _request: Request<pb::GetUploadRequest>,
    ) -> Result<Response<pb::GetUploadResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn cancel_upload(
        &self,
        _request: Request<pb::CancelUploadRequest>,
    ) -> Result<Response<pb::CancelUploadResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A store that remembers uploads, but not their chunks.
#[derive(Debug, Default)]
struct Nowhere(Mutex<HashMap<OperationUid, Upload>>);

impl Nowhere {
    fn change(&self, uid: &OperationUid, change: impl FnOnce(&mut Upload)) -> Option<Upload> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let upload = uploads.get_mut(uid)?;
        change(upload);
        Some(upload.clone())
    }
}

#[tonic::async_trait]
impl Uploads for Nowhere {
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error> {
        let upload = Upload {
            tenant: caller.tenant.clone(),
            uid: new.uid,
            request_sha256: new.request_sha256,
            declared: new.declared,
            document: new.document.clone(),
            document_uid: new.document_uid,
            is_document_deleted: false,
            partition: 0,
            source: new.source.clone(),
            version: 1,
            metadata: new.metadata.clone(),
            labels: new.metadata.labels.clone().unwrap_or_default(),
            spec: Spec::default(),
            decoding: Decoding::default(),
            state: State::Running,
            seq: 1,
            writer_epoch: 1,
            committed_offset: 0,
            next_ordinal: 0,
            checkpoint: None,
            source_sha256: None,
            failure: None,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        };
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.insert(new.uid, upload.clone());
        Ok(Started::Upload(Box::new(upload), vec![]))
    }

    async fn attach_upload(
        &self,
        _caller: &Caller,
        uid: &OperationUid,
        _now: Timestamp,
    ) -> Result<Option<Upload>, Error> {
        Ok(self.change(uid, |_| {}))
    }

    async fn upload(&self, _caller: &Caller, uid: &OperationUid) -> Result<Option<Upload>, Error> {
        Ok(self.change(uid, |_| {}))
    }

    async fn newest_upload(&self, _: &Caller, _: &DocumentUid) -> Result<Option<Upload>, Error> {
        Ok(None)
    }

    async fn commit_batch(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        turn: &CommitTicket,
        _now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        turn.to_commit().await;
        let checkpoint = &batch.checkpoint;
        let moved = self.change(&writer.uid, |upload| {
            upload.committed_offset = checkpoint.place.position.source;
            upload.next_ordinal = checkpoint.next_ordinal;
            upload.checkpoint = Some(checkpoint.encode());
        });
        Ok(moved.map(|upload| upload.operation()))
    }

    async fn end_upload(
        &self,
        writer: &Writer,
        _end: UploadEnd,
        _now: Timestamp,
        _sweep_after: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let ended = self.change(&writer.uid, |upload| upload.state = State::Succeeded);
        Ok(ended.map(|upload| upload.operation()))
    }

    async fn cancel_upload(
        &self,
        _caller: &Caller,
        _uid: &OperationUid,
        _now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        Ok(None)
    }
}
