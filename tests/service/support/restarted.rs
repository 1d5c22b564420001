//! A server that is killed and started again while clients call it.

use std::sync::Arc;
use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Channel;

use crate::support::follower::Follower;
use crate::support::server::Server;
use crate::support::world::{Folder, create_collection, first, last, more, name_of, resumed};

/// Old versions are swept after a second, so that a follower also meets versions that are gone.
const SETTINGS: [(&str, &str); 2] = [
    ("SLUICE_RETENTION__OLD_VERSION_SECONDS", "1"),
    ("SLUICE_RETENTION__SWEEP_EVERY_SECONDS", "1"),
];

/// The running server, which a test replaces, and the folder of its store.
pub(crate) struct Restarted {
    server: RwLock<Option<Server>>,
    folder: Folder,
}

impl Restarted {
    /// Starts a server with a collection.
    pub(crate) async fn start() -> Arc<Self> {
        let folder = Folder::new();
        let server = serve(&folder);
        create_collection(&server.channel()).await;
        let server = RwLock::new(Some(server));
        Arc::new(Self { server, folder })
    }

    /// Kills the server, and starts another one on the same store.
    pub(crate) async fn restart(&self) {
        let mut server = self.server.write().await;
        drop(server.take());
        *server = Some(serve(&self.folder));
    }

    /// Returns the most memory that the running server has had, in KiB.
    pub(crate) async fn peak_kib(&self) -> u64 {
        self.server.read().await.as_ref().unwrap().peak_kib()
    }

    pub(crate) async fn channel(&self) -> Channel {
        self.server.read().await.as_ref().unwrap().channel()
    }
}

fn serve(folder: &Folder) -> Server {
    Server::start_with(folder.0.join("restarted.db"), &SETTINGS)
}

/// Uploads a version, and resumes it after each failure until it succeeds.
pub(crate) async fn upload(instance: &Restarted, spec: &pb::UploadSpec, source: &[u8]) {
    let name = name_of(spec);
    loop {
        let mut client = UploadServiceClient::new(instance.channel().await);
        let get = pb::GetUploadRequest { name: name.clone() };
        let (head, committed) = match client.get_upload(get).await {
            Ok(found) => {
                let upload = found.into_inner().upload.unwrap();
                let from = upload.committed_offset;
                (resumed(&name, from, b""), usize::try_from(from).unwrap())
            }
            Err(status) if status.code() == Code::NotFound => (first(spec, b""), 0),
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let mut messages = vec![head];
        for (number, content) in source[committed..].chunks(50_000).enumerate() {
            let offset = committed + number * 50_000;
            messages.push(more(i64::try_from(offset).unwrap(), content));
        }
        messages.push(last(more(i64::try_from(source.len()).unwrap(), b"")));
        let uploaded = client.upload_document(tokio_stream::iter(messages)).await;
        if uploaded.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Follows in turns: takes a few responses, then drops the stream and opens the next.
pub(crate) async fn follow_at_random(
    instance: Arc<Restarted>,
    mut follower: Follower,
    enough: CancellationToken,
) -> Follower {
    for turn in 0_u64.. {
        if enough.is_cancelled() {
            break;
        }
        let parts_most = (turn * 7) % 11 + 1;
        if let Ok(mut parts) = follower.open(&instance.channel().await, true).await {
            for _ in 0..parts_most {
                let next = tokio::time::timeout(Duration::from_millis(100), parts.message());
                let Ok(Ok(Some(part))) = next.await else {
                    break;
                };
                follower.apply(part);
            }
        }
        tokio::task::yield_now().await;
    }
    follower
}
