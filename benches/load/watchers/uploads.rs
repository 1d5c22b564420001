//! Small uploads that last: a piece at each interval, and the end on request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::Code;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use uuid::Uuid;

use super::credential::Credential;
use super::servers::connect;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;

/// The collection of the documents.
const COLLECTION: &str = "load";
const SENTENCE: &str = "What is sent here is read by nobody but those who count its bytes. ";
/// Bytes of a piece. Each ends a few chunks, which have at most 4 KiB, so that the server commits.
const PIECE_BYTES: usize = 8 * 1024;
/// Concurrent calls, because the server's memory for uploads is bounded.
const CALLS_MAX: usize = 8;
/// Attempts of a call that the server has no room for, and the wait between them.
const TRIES: u32 = 40;
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// All uploads.
#[derive(Debug)]
pub(super) struct Uploads {
    all: Vec<Upload>,
    calls: Arc<Semaphore>,
}

/// An upload, and the offset up to which its source is committed.
#[derive(Debug)]
struct Upload {
    client: UploadServiceClient<InterceptedService<Channel, Credential>>,
    spec: pb::UploadSpec,
    committed: i64,
}

impl Uploads {
    /// Starts `documents` uploads, and sends the first piece of each.
    pub(super) async fn begin(
        server: SocketAddr,
        credential: &Credential,
        documents: usize,
    ) -> anyhow::Result<Self> {
        let channel = InterceptedService::new(connect(server)?, credential.clone());
        ensure_collection(channel.clone()).await?;
        let upload = |_| {
            let id = Uuid::new_v4().to_string();
            Upload {
                client: UploadServiceClient::new(channel.clone()),
                spec: pb::UploadSpec {
                    collection: format!("collections/{COLLECTION}"),
                    document_id: id.clone(),
                    request_id: id,
                    ..pb::UploadSpec::default()
                },
                committed: 0,
            }
        };
        let uploads = Self {
            all: (0..documents).map(upload).collect(),
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
        };
        uploads.each(Duration::ZERO, None).await
    }

    /// Returns the names of the operations.
    pub(super) fn operations(&self) -> Vec<String> {
        let each = self.all.iter();
        each.map(|upload| format!("operations/{}", upload.spec.request_id))
            .collect()
    }

    /// Sends a piece of each upload per `interval`, for the time `duration`.
    pub(super) async fn send_pieces(
        self,
        interval: Duration,
        duration: Duration,
    ) -> anyhow::Result<Self> {
        self.each(interval, Some(Instant::now() + duration)).await
    }

    /// Ends all uploads.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        let mut ending = JoinSet::new();
        for mut upload in self.all {
            let calls = Arc::clone(&self.calls);
            ending.spawn(async move { upload.send(&calls, true).await });
        }
        while let Some(ended) = ending.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Sends one piece of each upload. With `until`, sends one per `interval` until then.
    async fn each(self, interval: Duration, until: Option<Instant>) -> anyhow::Result<Self> {
        let documents = u32::try_from(self.all.len())?;
        let mut sending = JoinSet::new();
        for (number, mut upload) in (0..).zip(self.all) {
            let calls = Arc::clone(&self.calls);
            // The uploads start one after the other, so that the load on the server is even.
            let mut next = Instant::now() + interval * number / documents.max(1);
            sending.spawn(async move {
                loop {
                    if until.is_some_and(|until| next >= until) {
                        return anyhow::Ok((number, upload));
                    }
                    tokio::time::sleep_until(next).await;
                    upload.send(&calls, false).await?;
                    if until.is_none() {
                        return Ok((number, upload));
                    }
                    next = Instant::now().max(next + interval);
                }
            });
        }
        let mut all = Vec::new();
        while let Some(sent) = sending.join_next().await {
            all.push(sent??);
        }
        all.sort_unstable_by_key(|(number, _)| *number);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        Ok(Self {
            all: all.into_iter().map(|(_, upload)| upload).collect(),
            calls: self.calls,
        })
    }
}

impl Upload {
    /// Sends a piece, or the end, and waits until it is committed.
    async fn send(&mut self, calls: &Semaphore, is_last: bool) -> anyhow::Result<()> {
        let _call = calls.acquire().await?;
        for _ in 1..TRIES {
            match self.call(is_last).await {
                Err(status)
                    if [Code::ResourceExhausted, Code::Unavailable].contains(&status.code()) =>
                {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                result => return Ok(result?),
            }
        }
        let result = self.call(is_last).await;
        result.with_context(|| format!("after {TRIES} tries"))
    }

    async fn call(&mut self, is_last: bool) -> Result<(), tonic::Status> {
        let target = if self.committed == 0 {
            Target::Spec(self.spec.clone())
        } else {
            Target::Upload(format!("uploads/{}", self.spec.request_id))
        };
        let at = usize::try_from(self.committed).unwrap_or_default() % SENTENCE.len();
        let piece = SENTENCE.bytes().cycle().skip(at);
        let bytes = if is_last { 0 } else { PIECE_BYTES };
        let message = pb::UploadDocumentRequest {
            target: Some(target),
            write_offset: self.committed,
            content: piece.take(bytes).collect::<Vec<_>>().into(),
            finish_write: is_last,
            ..pb::UploadDocumentRequest::default()
        };
        let call = self.client.upload_document(tokio_stream::once(message));
        let upload = call.await?.into_inner().upload.unwrap_or_default();
        self.committed = upload.committed_offset;
        Ok(())
    }
}

async fn ensure_collection(channel: InterceptedService<Channel, Credential>) -> anyhow::Result<()> {
    let request = pb::CreateCollectionRequest {
        collection_id: COLLECTION.to_owned(),
        ..pb::CreateCollectionRequest::default()
    };
    let mut client = CollectionServiceClient::new(channel);
    match client.create_collection(request).await {
        Err(status) if status.code() != Code::AlreadyExists => Err(status.into()),
        _ => Ok(()),
    }
}
