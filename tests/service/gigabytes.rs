//! Uploading, storing and reading a gigabyte: the server's peak memory stays below 100,000 KiB.

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio_stream::StreamExt;

use crate::private;
use crate::support::server::Server;
use crate::support::world::{Folder, create_collection, cycled, first, last, more, prose, spec};

const PIECE: usize = 65_536;
const BLOCKS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_stored_and_read_back_in_little_memory() {
    let folder = Folder::new();
    a_gigabyte(&Server::start(folder.0.join("gigabyte.db"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_stored_in_a_database_and_read_back_in_little_memory() {
    let cluster = private::cluster();
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    a_gigabyte(&Server::start(&database)).await;
}

async fn a_gigabyte(server: &Server) {
    let channel = server.channel();
    create_collection(&channel).await;
    let block = prose(1_000_000);
    let upload = spec("gigabyte");
    let (head, body) = (first(&upload, b""), block.clone());
    let bytes = block.len() * BLOCKS;
    let pieces = (0..bytes).step_by(PIECE).map(move |at| {
        let end = (at + PIECE).min(bytes);
        let content = cycled(body.as_bytes(), at, end);
        let message = more(i64::try_from(at).unwrap(), &content);
        if end == bytes { last(message) } else { message }
    });
    let stream = tokio_stream::once(head).chain(tokio_stream::iter(pieces));
    let mut client = UploadServiceClient::new(channel.clone());
    let done = client
        .upload_document(stream)
        .await
        .unwrap()
        .into_inner()
        .upload
        .unwrap();
    assert_eq!(done.committed_offset, i64::try_from(bytes).unwrap());

    let request = pb::StreamChunksRequest {
        document: done.document,
        ..Default::default()
    };
    let mut pages = ChunkServiceClient::new(channel)
        .stream_chunks(request)
        .await
        .unwrap()
        .into_inner();
    let (mut chunks, mut covered) = (0, 0);
    while let Some(page) = pages.message().await.unwrap() {
        for chunk in page.chunks {
            let end = covered + chunk.text.len();
            assert_eq!(chunk.start.unwrap().byte, i64::try_from(covered).unwrap());
            assert!(
                chunk.text.as_bytes() == cycled(block.as_bytes(), covered, end),
                "at {covered}"
            );
            (chunks, covered) = (chunks + 1, end);
        }
    }
    assert_eq!((chunks, covered), (done.chunks, bytes));
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
}
