//! Compression of whole gRPC messages: every service accepts and sends them, and decompression bombs are stopped.

use std::io::Read;
use std::process::Command;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::clients::{PYTHON, TOOLS, output};
use crate::methods::raw_at;
use crate::support::server::Server;
use crate::support::world::{
    World, create_collection, expected, first, last, plain, prose, reason, spec, whole,
};

/// The decompressed size of the Zstandard bomb: 1 GiB of zeros.
const BOMB_BYTES: u64 = 1 << 30;

/// Returns the `grpc-encoding` header of a response, or an empty string if it is absent.
fn encoding<T>(response: &tonic::Response<T>) -> &str {
    let header = response.metadata().get("grpc-encoding");
    header.map_or("", |encoding| encoding.to_str().unwrap())
}

#[tokio::test]
async fn a_client_that_compresses_is_answered_in_the_same_way() {
    let world = World::start().await;
    for (compression, name) in [(Gzip, "gzip"), (Zstd, "zstd")] {
        let text = prose(700_000);
        let upload = spec(name);
        let mut uploads = UploadServiceClient::new(world.channel.clone())
            .send_compressed(compression)
            .accept_compressed(compression);
        let messages = tokio_stream::iter(whole(&upload, text.as_bytes(), 250_000));
        let done = uploads.upload_document(messages).await.unwrap();
        assert_eq!(encoding(&done), name);
        let document = format!("collections/c/documents/{name}");
        let mut chunks =
            ChunkServiceClient::new(world.channel.clone()).accept_compressed(compression);
        let request = pb::StreamChunksRequest {
            document,
            ..Default::default()
        };
        let reading = chunks.stream_chunks(request).await.unwrap();
        assert_eq!(encoding(&reading), name);
        let (mut pages, mut rows) = (reading.into_inner(), vec![]);
        while let Some(page) = pages.message().await.unwrap() {
            rows.extend(page.chunks);
        }
        assert!(plain(&rows) == expected(&text), "{name}: the rows differ");
        let mut health = HealthClient::new(world.channel.clone())
            .send_compressed(compression)
            .accept_compressed(compression);
        let alive = health.check(HealthCheckRequest::default()).await.unwrap();
        assert_eq!((encoding(&alive), alive.get_ref().status), (name, 1));
        streamed(&world.channel, compression, &prose(200_000)).await;
    }
}

/// Asserts that streams and previews accept compressed messages too.
async fn streamed(channel: &Channel, compression: tonic::codec::CompressionEncoding, text: &str) {
    let upload = spec(&format!("streamed-{compression}"));
    let messages = vec![last(first(&upload, text.as_bytes()))];
    let messages = messages.into_iter().map(|write| pb::StreamDocumentRequest {
        write: Some(write),
        ..Default::default()
    });
    let mut uploads = UploadServiceClient::new(channel.clone())
        .send_compressed(compression)
        .accept_compressed(compression);
    let sent = uploads.stream_document(tokio_stream::iter(messages.collect::<Vec<_>>()));
    let mut events = sent.await.unwrap().into_inner();
    let mut is_done = false;
    while let Some(event) = events.message().await.unwrap() {
        is_done |= matches!(
            event.event,
            Some(pb::stream_document_response::Event::Upload(_))
        );
    }
    assert!(is_done, "{compression}");
    let mut chunking = ChunkingServiceClient::new(channel.clone())
        .send_compressed(compression)
        .accept_compressed(compression);
    let preview = pb::PreviewRequest {
        content: text.as_bytes().to_vec().into(),
        ..Default::default()
    };
    let preview = chunking.preview(preview).await.unwrap().into_inner();
    let ends = preview.chunks.last().unwrap().end.unwrap();
    assert_eq!(ends.byte, i64::try_from(text.len()).unwrap());
}

#[tokio::test]
async fn a_client_that_does_not_compress_receives_uncompressed_answers() {
    let world = World::start().await;
    let health = HealthClient::new(world.channel.clone());
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    // grpcio and grpc-js send this header with every call.
    let accepted = "identity, deflate, gzip".parse().unwrap();
    request
        .metadata_mut()
        .insert("grpc-accept-encoding", accepted);
    let alive = health.clone().check(request).await.unwrap();
    assert_eq!(encoding(&alive), "");
    let offered = alive.metadata().get("grpc-accept-encoding").unwrap();
    assert_eq!(offered, "gzip,zstd,identity");
    // An unsupported encoding is refused, and the answer lists the supported ones.
    let snappy = &[("grpc-encoding", "snappy")];
    let body = bytes::Bytes::from_static(b"\x01\0\0\0\x01a");
    let method = "UploadService/UploadDocument";
    let address = world.instance.address.to_string();
    let refused = raw_at(&address, method, snappy, body).await;
    assert_eq!(reason(&refused), "ENCODING_UNSUPPORTED");
    let offered = refused.metadata().get("grpc-accept-encoding").unwrap();
    assert_eq!(offered, "gzip,zstd,identity");
}

/// Returns a compressed message of zeros, with its length prefix.
fn bomb(encoding: &str) -> bytes::Bytes {
    let zeros = |bytes| std::io::repeat(0).take(bytes);
    let mut compressed = Vec::new();
    if encoding == "zstd" {
        let mut encoder = zstd::Encoder::new(&mut compressed, 1).unwrap();
        std::io::copy(&mut zeros(BOMB_BYTES), &mut encoder).unwrap();
        encoder.finish().unwrap();
    } else {
        // 10 MiB: the compressed message stays below 64 KiB, the smallest request limit.
        let level = flate2::Compression::fast();
        let mut encoder = flate2::read::GzEncoder::new(zeros(10 << 20), level);
        encoder.read_to_end(&mut compressed).unwrap();
    }
    let length = u32::try_from(compressed.len()).unwrap().to_be_bytes();
    [&[1][..], &length, &compressed].concat().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_stopped_while_it_is_decompressed() {
    let folder = crate::support::world::Folder::new();
    let server = Server::start(folder.0.join("bombed.db"));
    create_collection(&server.channel()).await;
    let before = server.peak_kib();
    for encoding in ["gzip", "zstd"] {
        let bomb = bomb(encoding);
        for method in [
            "UploadService/UploadDocument",
            "UploadService/GetUpload",
            "UploadService/StreamDocument",
            "ChunkingService/ChunkStream",
            "ChunkingService/Preview",
            "CollectionService/ListCollections",
        ] {
            let headers = [("grpc-encoding", encoding)];
            let refused = raw_at(&server.address, method, &headers, bomb.clone()).await;
            assert_eq!(
                reason(&refused),
                "MESSAGE_TOO_LARGE",
                "{encoding} {method}: {refused:?}"
            );
        }
    }
    let more_kib = server.peak_kib() - before;
    assert!(more_kib < 40_000, "{more_kib} KiB more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_that_compresses_uploads_and_reads() {
    let world = World::start().await;
    let mut command = Command::new(PYTHON);
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/service/compressed.py"
        ))
        .arg(world.instance.address.to_string())
        .env("PYTHONPATH", format!("{TOOLS}/stubs"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let done = output(command).await;
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{complaints}");
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.trim().parse::<u32>().unwrap() > 0, "{said}");
}
