//! The server alone rechunks a stored document: the result equals a new upload of its source.

use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::support::world::{
    Kept, World, first, in_each_store, labels, last, metadata, prose, reason, resumed, rows, spec,
    whole,
};

pub(crate) const RUNNING: i32 = 1;
pub(crate) const SUCCEEDED: i32 = 2;
pub(crate) const FAILED: i32 = 3;
const RECHUNK_DOCUMENT: i32 = 5;

/// The target of a rechunk: with overlaps, and another strategy.
pub(crate) fn other_chunking() -> pb::ChunkingSpec {
    pb::ChunkingSpec {
        strategy: Some(3),
        max_size: Some(700),
        overlap: Some(150),
        ..pb::ChunkingSpec::default()
    }
}

/// The spec of the documents before they are rechunked.
pub(crate) fn overlapping() -> pb::ChunkingSpec {
    pb::ChunkingSpec {
        max_size: Some(300),
        overlap: Some(60),
        ..pb::ChunkingSpec::default()
    }
}

pub(crate) fn document(id: &str) -> String {
    format!("collections/c/documents/{id}")
}

pub(crate) fn request(id: &str) -> pb::RechunkDocumentRequest {
    pb::RechunkDocumentRequest {
        name: document(id),
        chunking: Some(other_chunking()),
        request_id: uuid::Uuid::new_v4().to_string(),
    }
}

pub(crate) async fn rechunk(
    channel: &Channel,
    request: pb::RechunkDocumentRequest,
) -> Result<pb::Operation, Status> {
    let mut client = DocumentServiceClient::new(channel.clone());
    let begun = client.rechunk_document(request).await?.into_inner();
    Ok(begun.operation.unwrap())
}

pub(crate) async fn operation(channel: &Channel, name: &str) -> pb::Operation {
    let name = name.to_owned();
    let mut client = OperationServiceClient::new(channel.clone());
    let found = client.get_operation(pb::GetOperationRequest { name }).await;
    found.unwrap().into_inner().operation.unwrap()
}

/// Polls an operation until a state matches or is final, and returns that state.
pub(crate) async fn until(
    channel: &Channel,
    name: &str,
    is_it: impl Fn(&pb::Operation) -> bool,
) -> pb::Operation {
    loop {
        let state = operation(channel, name).await;
        if state.state != RUNNING || is_it(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn ended(channel: &Channel, name: &str) -> pb::Operation {
    until(channel, name, |_| false).await
}

pub(crate) async fn upload(channel: &Channel, spec: &pb::UploadSpec, source: &[u8]) -> pb::Upload {
    let messages = tokio_stream::iter(whole(spec, source, 200_000));
    let mut client = UploadServiceClient::new(channel.clone());
    let uploaded = client.upload_document(messages).await.unwrap();
    uploaded.into_inner().upload.unwrap()
}

/// Returns the chunks of a document, without the fields that name the document and the version.
pub(crate) async fn said(channel: &Channel, id: &str) -> Vec<pb::Chunk> {
    let mut chunks = rows(channel, &document(id), None, false).await.unwrap();
    for chunk in &mut chunks {
        (chunk.name, chunk.version) = (String::new(), 0);
    }
    chunks
}

/// Uploads a source, rechunks it, and compares it with the same source uploaded with the new spec.
async fn check(world: &World, id: &str, charset: &str, source: &[u8], keep_byte_order_mark: bool) {
    let decoding = pb::DecodingPolicy {
        charset: Some(charset.to_owned()),
        keep_byte_order_mark: Some(keep_byte_order_mark),
        ..pb::DecodingPolicy::default()
    };
    let old = pb::UploadSpec {
        chunking: Some(overlapping()),
        decoding: Some(decoding),
        labels: Some(labels(&[("kind", id)])),
        ..spec(id)
    };
    let new_id = format!("{id}-sent");
    let new = pb::UploadSpec {
        document_id: new_id.clone(),
        chunking: Some(other_chunking()),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..old.clone()
    };
    upload(&world.channel, &old, source).await;
    upload(&world.channel, &new, source).await;
    let begun = rechunk(&world.channel, request(id)).await.unwrap();
    assert_eq!((begun.kind, begun.target), (RECHUNK_DOCUMENT, document(id)));
    let ended = ended(&world.channel, &begun.name).await;
    assert_eq!(ended.state, SUCCEEDED, "{id}: {ended:?}");
    assert_eq!(ended.committed_bytes, i64::try_from(source.len()).unwrap());
    let chunks = said(&world.channel, id).await;
    assert!(chunks == said(&world.channel, &new_id).await, "{id}");
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    let name = document(id);
    let found = documents
        .get_document(pb::GetDocumentRequest { name })
        .await;
    let found = found.unwrap().into_inner().document.unwrap();
    assert_eq!(found.current_version, 2);
    let sent = old.labels.unwrap().values;
    assert_eq!((found.chunks, found.labels), (ended.chunks, sent));
    assert_eq!(found.source_bytes, ended.committed_bytes);
}

pub(crate) fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

in_each_store!(
    a_rechunked_document_equals_a_new_upload_with_the_same_spec,
    a_rechunk_uses_the_spec_of_the_request_or_the_collection_and_starts_once,
    a_rechunk_fails_if_the_text_does_not_yield_the_source,
);

async fn a_rechunked_document_equals_a_new_upload_with_the_same_spec(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(300_000);
    let marked = format!("\u{FEFF}{text}");
    check(&world, "utf-8", "", text.as_bytes(), false).await;
    check(&world, "dropped", "auto", marked.as_bytes(), false).await;
    check(&world, "kept", "", marked.as_bytes(), true).await;
    let little = utf_16(&marked, u16::to_le_bytes);
    check(&world, "utf-16le", "auto", &little, false).await;
    let big = utf_16(&text, u16::to_be_bytes);
    check(&world, "utf-16be", "utf-16be", &big, false).await;
    let latin = text.replace('\u{6C34}', "\u{E9}t\u{E9} \u{20AC}");
    let latin = encoding_rs::WINDOWS_1252.encode(&latin).0;
    check(&world, "latin", "windows-1252", &latin, false).await;
    check(&world, "mark", "", b"\xEF\xBB\xBF", false).await;
    check(&world, "nothing", "", b"", false).await;
}

async fn a_rechunk_uses_the_spec_of_the_request_or_the_collection_and_starts_once(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(50_000);
    let chunked = pb::UploadSpec {
        chunking: Some(overlapping()),
        ..spec("d")
    };
    upload(&world.channel, &chunked, text.as_bytes()).await;
    upload(&world.channel, &spec("by-default"), text.as_bytes()).await;
    let asked = pb::RechunkDocumentRequest {
        chunking: None,
        ..request("d")
    };
    let begun = rechunk(&world.channel, asked.clone()).await.unwrap();
    assert_eq!(begun.name, format!("operations/{}", asked.request_id));
    let ended = ended(&world.channel, &begun.name).await;
    let again = rechunk(&world.channel, asked.clone()).await.unwrap();
    assert_eq!(again, ended, "the same request, repeated");
    assert!(said(&world.channel, "d").await == said(&world.channel, "by-default").await);
    let elsewhere = pb::RechunkDocumentRequest {
        name: document("by-default"),
        ..asked.clone()
    };
    let otherwise = pb::RechunkDocumentRequest {
        chunking: Some(overlapping()),
        ..asked
    };
    for other in [elsewhere, otherwise] {
        let refused = rechunk(&world.channel, other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "REQUEST_ID_REUSED")
        );
    }
}

#[tokio::test]
async fn an_impossible_rechunk_is_refused_before_anything_is_stored() {
    let world = World::start().await;
    let refused = rechunk(&world.channel, request("none")).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let open = spec("d");
    world.send(vec![first(&open, b"text")]).await.unwrap();
    let refused = rechunk(&world.channel, request("d")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "NO_CURRENT_VERSION")
    );
    world.send(whole(&spec("d"), b"text", 100)).await.unwrap();
    let open = spec("d");
    world.send(vec![first(&open, b"text")]).await.unwrap();
    let refused = rechunk(&world.channel, request("d")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "UPLOAD_RUNNING")
    );
    let wrong = pb::RechunkDocumentRequest {
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(0),
            ..pb::ChunkingSpec::default()
        }),
        ..request("d")
    };
    let refused = rechunk(&world.channel, wrong).await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "chunking.max_size");
    world.send(vec![last(first(&open, b"text"))]).await.unwrap();
}

#[tokio::test]
async fn a_rechunk_accepts_no_bytes_from_clients() {
    let world = World::start().await;
    world.send(whole(&spec("d"), b"text", 100)).await.unwrap();
    let asked = request("d");
    let begun = rechunk(&world.channel, asked.clone()).await.unwrap();
    let name = format!("uploads/{}", asked.request_id);
    let same = pb::UploadSpec {
        request_id: asked.request_id,
        ..spec("d")
    };
    for (message, expected) in [
        (resumed(&name, 0, b"text"), "NOT_A_CLIENT_UPLOAD"),
        (first(&same, b"text"), "REQUEST_ID_REUSED"),
    ] {
        let refused = world.send(vec![message]).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, expected)
        );
    }
    ended(&world.channel, &begun.name).await;
    let shown = world.get_upload(&name).await.unwrap();
    assert_eq!((shown.state, shown.version), (SUCCEEDED, 2));
}

async fn a_rechunk_fails_if_the_text_does_not_yield_the_source(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let replace = pb::DecodingPolicy {
        invalid: Some(2),
        ..pb::DecodingPolicy::default()
    };
    // The first case changes the length, the second one only the digest.
    for (id, source) in [
        ("length", b"some \xFF text".as_slice()),
        ("digest", b"some \xF0\x9F\x98 text"),
    ] {
        let lossy = pb::UploadSpec {
            decoding: Some(replace.clone()),
            ..spec(id)
        };
        upload(&world.channel, &lossy, source).await;
        let before = said(&world.channel, id).await;
        let begun = rechunk(&world.channel, request(id)).await.unwrap();
        let ended = ended(&world.channel, &begun.name).await;
        assert_eq!(
            (ended.state, ended.failure_reason.as_str()),
            (FAILED, "SOURCE_NOT_RECOVERABLE"),
            "{id}"
        );
        assert!(ended.failure_message.contains("upload the document again"));
        assert!(said(&world.channel, id).await == before, "{id}");
    }
}
