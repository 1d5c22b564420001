//! `sluice demo`: uploads a document and proves its chunks with one command, without a server to install.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::bootstrap::Instance;
use crate::cli::calls::retry::Retries;
use crate::cli::calls::status::explain;
use crate::cli::connection::channel::Connection;
use crate::cli::connection::credential::Credential;
use crate::cli::stopping::Stopping;
use crate::cli::terminal::chunk_rows;
use crate::cli::terminal::output;
use crate::cli::terminal::printable::{on_one_line, shortened};
use crate::cli::terminal::progress;
use crate::cli::uploads::resumable_upload::Sending;
use crate::cli::uploads::source::Source;
use crate::cli::uploads::source_reader::SourceReader;
use crate::cli::uploads::uploader::ensure_collection;
use crate::config::Config;
use crate::config::sections::store::Store;
use crate::domain::ingest::digest;
use crate::domain::names::resource::CollectionId;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Stream a document into a temporary server, follow the chunks as they are committed, and prove that each equals its
/// slice of the file.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// UTF-8 text file. A `.md` file is cut between the blocks of Markdown.
    file: PathBuf,
}

/// Chunks shown. All chunks are checked.
const SHOWN_CHUNKS: i64 = 10;
/// Columns of a chunk that are shown.
const SHOWN_COLUMNS: usize = 72;
const COLLECTION: &str = "demo";
/// The error after SIGTERM or SIGINT, because the demo was not completed.
const STOPPED: &str = "a signal stopped the demo before its end; its server and its store are gone";
/// Attempts to open the stream of chunks. The upload begins within a few of them.
const FOLLOW_TRIES: u32 = 200;
/// The time limit of retries while the demo's own server is busy.
const RETRY_FOR: Duration = Duration::from_mins(1);
const FOLLOW_WAIT: Duration = Duration::from_millis(25);

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stopping = Stopping::listen()?;
    let folder = TemporaryFolder::new()?;
    let config = Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        store: Store::at(&folder.0.join("demo.db")),
        ..Config::default()
    };
    let started = tokio::select! {
        started = Instance::start(&config) => started,
        _ = stopping.wait() => bail!(STOPPED),
    };
    let instance = started?;
    output::line(&format!(
        "a server listens on {}, its store is {}",
        instance.address,
        folder.0.display()
    ))?;
    let done = tokio::select! {
        done = show(&arguments.file, instance.address) => done,
        _ = stopping.wait() => Err(anyhow!(STOPPED)),
    };
    let stopped = instance.stop().await;
    done?;
    stopped
}

async fn show(file: &Path, address: std::net::SocketAddr) -> anyhow::Result<()> {
    let channel = Connection::new(address.into(), None, Credential::default())?;
    ensure_collection(channel.clone(), &CollectionId::parse(COLLECTION)?).await?;
    let bytes = std::fs::metadata(file)
        .with_context(|| file.display().to_string())?
        .len();
    let spec = pb::UploadSpec {
        collection: format!("collections/{COLLECTION}"),
        document_id: "document".to_owned(),
        request_id: Uuid::new_v4().to_string(),
        chunking: chunking(file),
        ..pb::UploadSpec::default()
    };
    let bar = progress::of_document(&file.display().to_string(), Some(bytes));
    let document = format!("collections/{COLLECTION}/documents/{}", spec.document_id);
    let sending = Sending {
        reading: SourceReader::open(Source::named(file)).await?,
        spec,
        is_resumed: false,
    };
    let retries = Retries::new(channel.clone(), RETRY_FOR);
    // Read the chunks while the document is sent, each as soon as it is committed.
    let sent = async {
        sending
            .run(channel.clone(), &retries, &bar)
            .await
            .map_err(explain)
    };
    let proven = async { prove(follow(channel.clone(), document).await?, file).await };
    let (_, chunks) = tokio::try_join!(sent, proven)?;
    bar.finish_and_clear();
    output::line(&format!(
        "{chunks} chunks stored; each equals its slice of the file, and nothing is lost"
    ))?;
    spread(channel).await?;
    output::line("")?;
    output::line("Continue with a persistent server and your own files:")?;
    output::line("  sluice serve")?;
    output::line(
        "  sluice upload FILE...    sluice documents    sluice chunks NAME    sluice partitions",
    )?;
    output::line("  grpcurl -plaintext 127.0.0.1:50051 list")
}

/// Returns the chunking of a file: a Markdown file is cut between its blocks.
fn chunking(file: &Path) -> Option<pb::ChunkingSpec> {
    let is_markdown = file.extension().is_some_and(|extension| extension == "md");
    is_markdown.then(|| pb::ChunkingSpec {
        strategy: Some(pb::Strategy::Markdown.into()),
        ..pb::ChunkingSpec::default()
    })
}

/// Opens the stream of chunks as soon as the upload has begun.
async fn follow(
    channel: Connection,
    document: String,
) -> anyhow::Result<Streaming<pb::StreamChunksResponse>> {
    let mut client = ChunkServiceClient::new(channel);
    let request = pb::StreamChunksRequest {
        document,
        follow: true,
        ..pb::StreamChunksRequest::default()
    };
    for _ in 0..FOLLOW_TRIES {
        match client.stream_chunks(request.clone()).await {
            Err(status) if status.code() == Code::NotFound => tokio::time::sleep(FOLLOW_WAIT).await,
            answered => {
                return Ok(answered
                    .map_err(|status| explain(status.into()))?
                    .into_inner());
            }
        }
    }
    bail!("the upload did not begin")
}

/// Reads every chunk and compares it with the file.
async fn prove(mut pages: Streaming<pb::StreamChunksResponse>, file: &Path) -> anyhow::Result<i64> {
    let mut source = File::open(file)?;
    let mut chunks = 0;
    let mut covered = 0;
    while let Some(page) = pages.message().await? {
        for chunk in page.chunks {
            let start = chunk.start.unwrap_or_default();
            let end = chunk.end.unwrap_or_default();
            let mut slice = vec![0; chunk.text.len()];
            source.seek(SeekFrom::Start(u64::try_from(start.source)?))?;
            source.read_exact(&mut slice)?;
            ensure!(chunk.ordinal == chunks, "chunk {chunks} is missing");
            ensure!(
                start.source <= covered,
                "bytes {covered} to {} are lost",
                start.source
            );
            ensure!(
                slice == chunk.text.as_bytes(),
                "chunk {chunks} is not its slice of the file"
            );
            ensure!(
                digest::sha256(&slice) == *chunk.sha256,
                "chunk {chunks} has another digest"
            );
            if chunks < SHOWN_CHUNKS {
                let structure = chunk.structure.unwrap_or_default();
                let titles = structure.headings.iter().map(|heading| &*heading.title);
                let text = chunk_rows::under(titles, &chunk.text);
                let text = shortened(&on_one_line(&text), SHOWN_COLUMNS);
                output::line(&format!(
                    "  #{:<4} bytes {}..{}  {text}",
                    chunk.ordinal, start.byte, end.byte
                ))?;
            }
            (chunks, covered) = (chunks + 1, end.source);
        }
    }
    let bytes = i64::try_from(std::fs::metadata(file)?.len())?;
    ensure!(covered == bytes, "bytes {covered} to {bytes} are lost");
    Ok(chunks)
}

async fn spread(channel: Connection) -> anyhow::Result<()> {
    let mut client = PartitionServiceClient::new(channel);
    let health = client
        .get_partition_health(pb::GetPartitionHealthRequest {})
        .await?
        .into_inner();
    let all = health.partitions.len();
    for partition in health
        .partitions
        .iter()
        .filter(|partition| partition.documents > 0)
    {
        output::line(&format!(
            "partition {} of {all} holds {} document, {} chunks, {} bytes of text",
            partition.partition, partition.documents, partition.chunks, partition.text_bytes
        ))?;
    }
    Ok(())
}

/// A folder that is removed when it is dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("sluice-demo-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // A folder that cannot be removed stays in the system's temporary folder.
        let _left_over = std::fs::remove_dir_all(&self.0);
    }
}
