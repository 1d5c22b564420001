//! Slow, silent or numerous uploads of some clients do not affect other clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::SendStream;
use prost::Message;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::support::access::{Guarded, Shown};
use crate::support::server::Server;
use crate::support::world::{
    Folder, World, create_collection, first, name_of, prose, reason, spec, whole,
};

/// The number of open, silent uploads of one tenant: more than its share of memory allows.
const SILENT: usize = 400;
const SUCCEEDED: i32 = 2;

/// An upload that stays open and sends no more after its first message.
struct Silent {
    _messages: mpsc::Sender<pb::UploadDocumentRequest>,
    answer: JoinHandle<Result<(), Status>>,
}

impl Silent {
    fn open(mut client: UploadServiceClient<Shown>, begin: pb::UploadDocumentRequest) -> Self {
        let (messages, receiver) = mpsc::channel(1);
        messages.try_send(begin).unwrap();
        let stream = ReceiverStream::new(receiver);
        Self {
            _messages: messages,
            answer: tokio::spawn(async move { client.upload_document(stream).await.map(|_| ()) }),
        }
    }
}

/// Creates a tenant with a writer and a collection. Returns the writer's channel.
async fn client(guarded: &Guarded, tenant: &str) -> Shown {
    guarded.tenant(tenant).await;
    let (_, secret) = guarded.key(tenant, pb::Role::Writer).await;
    let shown = guarded.by(&secret);
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut collections = CollectionServiceClient::new(shown.clone());
    collections.create_collection(request).await.unwrap();
    shown
}

async fn upload(shown: &Shown, id: &str, text: &str) -> Result<pb::Upload, Status> {
    let messages = tokio_stream::iter(whole(&spec(id), text.as_bytes(), 100_000));
    let mut client = UploadServiceClient::new(shown.clone());
    let answer = client.upload_document(messages).await?;
    Ok(answer.into_inner().upload.unwrap())
}

async fn preview(shown: &Shown, text: &str) -> Result<usize, Status> {
    let request = pb::PreviewRequest {
        content: text.to_owned().into(),
        ..Default::default()
    };
    let mut client = ChunkingServiceClient::new(shown.clone());
    Ok(client.preview(request).await?.into_inner().chunks.len())
}

/// Waits until the server has read the first message of an upload.
async fn is_begun(shown: &Shown, name: &str) {
    let mut client = UploadServiceClient::new(shown.clone());
    loop {
        let name = name.to_owned();
        if client
            .get_upload(pb::GetUploadRequest { name })
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_uploads_stop_neither_uploads_nor_previews() {
    let guarded = Guarded::start().await;
    let shown = client(&guarded, "a").await;
    let text = prose(200_000);
    let specs = (0..100).map(|number| spec(&format!("silent-{number}")));
    let specs = specs.collect::<Vec<_>>();
    let silent = specs.iter().map(|spec| {
        let client = UploadServiceClient::new(shown.clone());
        Silent::open(client, first(spec, text.as_bytes()))
    });
    let silent = silent.collect::<Vec<_>>();
    for spec in &specs {
        is_begun(&shown, &name_of(spec)).await;
    }
    // The same principal uploads beside its own 100 silent uploads.
    let uploaded = upload(&shown, "small", "one more").await.unwrap();
    assert_eq!(uploaded.state, SUCCEEDED);
    let uploaded = upload(&shown, "large", &prose(2_000_000)).await.unwrap();
    assert_eq!(uploaded.state, SUCCEEDED);
    assert_eq!(preview(&shown, "abc").await.unwrap(), 1);
    assert!(preview(&shown, &prose(1_000_000)).await.unwrap() > 900);
    for silent in &silent {
        assert!(!silent.answer.is_finished(), "an upload was refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greedy_tenant_leaves_others_their_share() {
    let guarded = Guarded::start_with(|config, _| {
        config.uploads.memory_wait_seconds_max = 1;
    })
    .await;
    let (greedy, other) = (client(&guarded, "a").await, client(&guarded, "b").await);
    let silent = (0..SILENT).map(|number| {
        let client = UploadServiceClient::new(greedy.clone());
        let spec = spec(&format!("silent-{number}"));
        Silent::open(client, first(&spec, b"no more"))
    });
    let silent = silent.collect::<Vec<_>>();
    // Uploads beyond the tenant's share wait 1 s for memory, and are then refused.
    let told = |silent: &[Silent]| {
        let ended = silent.iter().filter(|silent| silent.answer.is_finished());
        ended.count()
    };
    while told(&silent) < SILENT / 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let text = prose(1_000_000);
    for number in 0..20 {
        let id = format!("d{number}");
        let uploaded = upload(&other, &id, &text).await.unwrap();
        assert_eq!(uploaded.state, SUCCEEDED);
        assert!(preview(&other, &text).await.unwrap() > 900);
    }
    let (mut kept, mut refused) = (0, 0);
    for silent in silent {
        if silent.answer.is_finished() {
            let told = silent.answer.await.unwrap().unwrap_err();
            assert_eq!(
                (told.code(), reason(&told).as_str()),
                (Code::ResourceExhausted, "NO_MEMORY")
            );
            refused += 1;
        } else {
            kept += 1;
        }
    }
    assert!(kept >= 200 && refused > 0, "{kept} kept, {refused} refused");
    // Ended uploads release their memory: the whole share is available again.
    let again = upload(&greedy, "again", &text).await.unwrap();
    assert_eq!(again.state, SUCCEEDED);
}

/// An upload with a large chunking window needs more than the minimum share, and reserves it before its first byte.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_with_a_large_window_wait_without_blocking_others() {
    let guarded = Guarded::start_with(|config, _| {
        config.uploads.memory_wait_seconds_max = 1;
    })
    .await;
    let shown = client(&guarded, "a").await;
    let large = |id: &str| pb::UploadSpec {
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(500_000),
            max_bytes: Some(524_288),
            ..Default::default()
        }),
        decoding: Some(pb::DecodingPolicy {
            charset: Some("windows-1252".to_owned()),
            ..Default::default()
        }),
        ..spec(id)
    };
    let open = |spec: &pb::UploadSpec| {
        let client = UploadServiceClient::new(shown.clone());
        Silent::open(client, first(spec, b"no more"))
    };
    let begun = large("first");
    let held = open(&begun);
    is_begun(&shown, &name_of(&begun)).await;
    let mut others = Vec::new();
    for number in 0..4 {
        others.push(open(&large(&format!("other-{number}"))));
    }
    let uploaded = upload(&shown, "default", "text").await.unwrap();
    assert_eq!(uploaded.state, SUCCEEDED);
    let mut refused = 0;
    for other in others {
        if let Ok(told) = tokio::time::timeout(Duration::from_secs(3), other.answer).await {
            assert_eq!(reason(&told.unwrap().unwrap_err()), "NO_MEMORY");
            refused += 1;
        }
    }
    assert!(refused > 0 && !held.answer.is_finished());
}

/// Connects from an address, and sends half of a large message. Returns its open stream.
async fn half_a_message(from: Ipv4Addr, server: SocketAddr, id: &str) -> SendStream<Bytes> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let stream = socket.connect(server).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post(format!(
        "http://{server}/sluice.v1.UploadService/UploadDocument"
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(())
    .unwrap();
    let mut client = client.ready().await.unwrap();
    let (answer, mut body) = client.send_request(request, false).unwrap();
    tokio::spawn(answer);
    let message = first(&spec(id), prose(250_000).as_bytes()).encode_to_vec();
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap());
    framed.extend_from_slice(&message[..message.len() / 2]);
    body.send_data(framed.freeze(), false).unwrap();
    body
}

/// Large messages that are never completed do not block other clients.
#[tokio::test(flavor = "multi_thread")]
async fn half_sent_messages_do_not_block_other_clients() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("halves.db"));
    create_collection(&server.channel()).await;
    let address = server.address.parse().unwrap();
    let slow = Ipv4Addr::new(127, 0, 0, 2);
    let mut halves = Vec::new();
    for number in 0..200 {
        halves.push(half_a_message(slow, address, &format!("half-{number}")).await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut client = UploadServiceClient::new(server.channel());
    let text = prose(5_000_000);
    let messages = tokio_stream::iter(whole(&spec("whole"), text.as_bytes(), 256 * 1024));
    let answer = client.upload_document(messages).await.unwrap();
    assert_eq!(answer.into_inner().upload.unwrap().state, SUCCEEDED);
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
    drop(halves);
}

#[tokio::test]
async fn a_small_preview_passes_beside_two_uploads_with_minimal_memory() {
    let world = World::start_with(|config| {
        config.uploads.memory_bytes_max = 16 * 1024 * 1024;
        config.uploads.memory_wait_seconds_max = 1;
    })
    .await;
    let text = prose(200_000);
    let mut open = Vec::new();
    for id in ["a", "b"] {
        let (messages, receiver) = mpsc::channel(1);
        let upload = spec(id);
        messages
            .send(first(&upload, text.as_bytes()))
            .await
            .unwrap();
        let mut client = world.uploads();
        let stream = ReceiverStream::new(receiver);
        let answer = tokio::spawn(async move { client.upload_document(stream).await });
        while world.get_upload(&name_of(&upload)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        open.push((messages, answer));
    }
    let request = pb::PreviewRequest {
        content: Bytes::from_static(b"abc"),
        ..Default::default()
    };
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let previewed = client.preview(request).await.unwrap().into_inner();
    assert_eq!(previewed.chunks.len(), 1);
    assert!(open.iter().all(|(_, answer)| !answer.is_finished()));
}
