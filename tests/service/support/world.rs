//! A server for one test, and helpers that call it.

use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sluice::bootstrap::Instance;
use sluice::config::Config;
use sluice::config::sections::store::Store;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt;

use crate::logs;
use crate::private;
use crate::private::postgres::Cluster;
use crate::tokenizers::loaded;

/// A temporary folder of a server, removed on drop.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        logs::watch();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("sluice-service-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _absent = fs::remove_dir_all(&self.0);
        logs::assert_clean();
    }
}

/// The kind of store that a server keeps documents in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    InAFile,
    InADatabase,
}

/// Generates, for each function listed, one test with a SQLite file and one with a PostgreSQL database.
macro_rules! in_each_store {
    ($($law:ident),+ $(,)?) => {
        mod in_a_file {
            $(#[tokio::test]
            async fn $law() {
                super::$law(crate::support::world::Kept::InAFile).await;
            })+
        }

        mod in_a_database {
            $(#[tokio::test]
            async fn $law() {
                super::$law(crate::support::world::Kept::InADatabase).await;
            })+
        }
    };
}

pub(crate) use in_each_store;

/// A server in this process, with a collection `collections/c`.
pub(crate) struct World {
    pub(crate) instance: Instance,
    pub(crate) channel: Channel,
    folder: Folder,
    /// The PostgreSQL cluster and the database's name. `None` if the store is a file.
    database: Option<(Arc<Cluster>, String)>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server on a file, with the settings that `change` makes.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Kept::InAFile, change).await
    }

    /// Starts a server on the given kind of store, with the settings that `change` makes.
    pub(crate) async fn start_in(kept: Kept, change: impl FnOnce(&mut Config)) -> Self {
        let folder = Folder::new();
        let mut config = Config {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            store: Store::at(&folder.0.join("test.db")),
            ..Config::default()
        };
        // On a busy machine a test may read late.
        config.uploads.slow_reader_seconds_max = 600;
        let database = match kept {
            Kept::InAFile => None,
            Kept::InADatabase => {
                let cluster = private::cluster();
                let address = cluster.database();
                connection::migrate(&address).await.unwrap();
                let name = address.rsplit('/').next().unwrap().to_owned();
                config.store.location = address.into();
                Some((cluster, name))
            }
        };
        change(&mut config);
        let instance = Instance::start(&config).await.unwrap();
        let channel = connect(&format!("http://{}", instance.address));
        create_collection(&channel).await;
        Self {
            instance,
            channel,
            folder,
            database,
        }
    }

    /// Queries the store directly. Returns the single text column of each row.
    pub(crate) async fn ask(&self, statement: &str) -> Vec<String> {
        if let Some((cluster, name)) = &self.database {
            let answer = cluster.psql(name, statement);
            return answer.lines().map(str::to_owned).collect();
        }
        let options = SqliteConnectOptions::new().filename(self.database());
        let mut other = options.connect().await.unwrap();
        let asked = sqlx::query_scalar(AssertSqlSafe(statement.to_owned()));
        asked.fetch_all(&mut other).await.unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.0.join("test.db")
    }

    pub(crate) fn uploads(&self) -> UploadServiceClient<Channel> {
        UploadServiceClient::new(self.channel.clone())
    }

    /// Sends messages as one stream.
    pub(crate) async fn send(
        &self,
        messages: Vec<pb::UploadDocumentRequest>,
    ) -> Result<pb::Upload, Status> {
        let answered = self
            .uploads()
            .upload_document(tokio_stream::iter(messages))
            .await?;
        Ok(answered.into_inner().upload.unwrap())
    }

    pub(crate) async fn get_upload(&self, name: &str) -> Result<pb::Upload, Status> {
        let found = self
            .uploads()
            .get_upload(pb::GetUploadRequest {
                name: name.to_owned(),
            })
            .await?;
        Ok(found.into_inner().upload.unwrap())
    }

    /// Returns the chunks of a document, read through the server.
    pub(crate) async fn rows(&self, document: &str) -> Result<Vec<pb::Chunk>, Status> {
        rows(&self.channel, document, None, false).await
    }
}

pub(crate) fn connect(url: &str) -> Channel {
    Endpoint::from_shared(url.to_owned())
        .unwrap()
        .connect_lazy()
}

pub(crate) async fn create_collection(channel: &Channel) {
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    CollectionServiceClient::new(channel.clone())
        .create_collection(request)
        .await
        .unwrap();
}

pub(crate) async fn rows(
    channel: &Channel,
    document: &str,
    after_ordinal: Option<i64>,
    follow: bool,
) -> Result<Vec<pb::Chunk>, Status> {
    let request = pb::StreamChunksRequest {
        document: document.to_owned(),
        after_ordinal,
        follow,
        ..Default::default()
    };
    read(channel, request).await
}

/// Reads all chunks of a request.
pub(crate) async fn read(
    channel: &Channel,
    request: pb::StreamChunksRequest,
) -> Result<Vec<pb::Chunk>, Status> {
    let mut client = ChunkServiceClient::new(channel.clone());
    let mut pages = client.stream_chunks(request).await?.into_inner();
    let mut chunks = Vec::new();
    while let Some(page) = pages.message().await? {
        chunks.extend(page.chunks);
    }
    Ok(chunks)
}

/// Returns a spec for a new upload of `collections/c/documents/{id}`.
pub(crate) fn spec(id: &str) -> pb::UploadSpec {
    pb::UploadSpec {
        collection: "collections/c".to_owned(),
        document_id: id.to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..pb::UploadSpec::default()
    }
}

/// Returns labels as a request sends them.
pub(crate) fn labels(labels: &[(&str, &str)]) -> pb::Labels {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let values = labels.iter().map(owned).collect();
    pb::Labels { values }
}

pub(crate) fn name_of(spec: &pb::UploadSpec) -> String {
    format!("uploads/{}", spec.request_id)
}

/// Returns the first message of a new upload.
pub(crate) fn first(spec: &pb::UploadSpec, content: &[u8]) -> pb::UploadDocumentRequest {
    pb::UploadDocumentRequest {
        target: Some(Target::Spec(spec.clone())),
        ..more(0, content)
    }
}

/// Returns the first message that resumes an upload.
pub(crate) fn resumed(
    upload: &str,
    write_offset: i64,
    content: &[u8],
) -> pb::UploadDocumentRequest {
    pb::UploadDocumentRequest {
        target: Some(Target::Upload(upload.to_owned())),
        ..more(write_offset, content)
    }
}

pub(crate) fn more(write_offset: i64, content: &[u8]) -> pb::UploadDocumentRequest {
    pb::UploadDocumentRequest {
        write_offset,
        content: content.to_vec().into(),
        ..Default::default()
    }
}

/// Marks a message as the last of its upload.
pub(crate) fn last(message: pb::UploadDocumentRequest) -> pb::UploadDocumentRequest {
    pb::UploadDocumentRequest {
        finish_write: true,
        ..message
    }
}

/// Splits a source into messages of `piece` bytes. The last message finishes the upload.
pub(crate) fn whole(
    spec: &pb::UploadSpec,
    source: &[u8],
    piece: usize,
) -> Vec<pb::UploadDocumentRequest> {
    let mut messages = vec![first(spec, b"")];
    for (number, content) in source.chunks(piece).enumerate() {
        messages.push(more(i64::try_from(number * piece).unwrap(), content));
    }
    let end = messages.pop().unwrap();
    messages.push(last(end));
    messages
}

/// Returns numbered sentences that do not repeat, at least `bytes` bytes in total.
pub(crate) fn prose(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 100);
    let mut number = 0_u64;
    while text.len() < bytes {
        number += 1;
        let hash = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        write!(
            text,
            "Sentence {number} says {hash:x}, \u{6C34} and more of it. "
        )
        .unwrap();
        if hash.is_multiple_of(7) {
            text.push_str("\n\n");
        }
    }
    text
}

/// Returns the chunks of an undisturbed run: ordinal, start byte, end byte and text of each.
pub(crate) fn expected(text: &str) -> Vec<(i64, i64, i64, String)> {
    let spec = Spec::new(Request::default()).unwrap();
    let mut splitter = Splitter::new(loaded(&spec).chunker(), Decoding::default());
    let (mut rest, mut chunks) = (text.as_bytes(), Vec::new());
    while !splitter.is_done() {
        while let Some(cut) = splitter.next_chunk().unwrap() {
            let place = |byte| i64::try_from(byte).unwrap();
            let ordinal = i64::try_from(chunks.len()).unwrap();
            chunks.push((
                ordinal,
                place(cut.span.start.byte),
                place(cut.span.end.byte),
                cut.text.to_owned(),
            ));
        }
        if rest.is_empty() {
            splitter.finish();
        } else {
            rest = &rest[splitter.feed(rest)..];
        }
    }
    chunks
}

pub(crate) fn plain(rows: &[pb::Chunk]) -> Vec<(i64, i64, i64, String)> {
    let plain = |chunk: &pb::Chunk| {
        let (start, end) = (chunk.start.unwrap(), chunk.end.unwrap());
        (chunk.ordinal, start.byte, end.byte, chunk.text.clone())
    };
    rows.iter().map(plain).collect()
}

/// Returns the stable reason of a status, or an empty string if it has none.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .map_or_else(String::new, |info| info.reason.clone())
}

/// Returns a metadata value of the status's `ErrorInfo`, or an empty string if it is absent.
pub(crate) fn metadata(status: &Status, key: &str) -> String {
    status
        .get_error_details()
        .error_info()
        .and_then(|info| info.metadata.get(key).cloned())
        .unwrap_or_default()
}

/// Returns bytes `from..to` of an endless repetition of `block`.
pub(crate) fn cycled(block: &[u8], from: usize, to: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(to - from);
    let mut at = from;
    while at < to {
        let within = at % block.len();
        let take = (block.len() - within).min(to - at);
        bytes.extend_from_slice(&block[within..within + take]);
        at += take;
    }
    bytes
}
