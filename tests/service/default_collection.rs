//! Every tenant has `collections/default` without creating it.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::imports::{Root, import};
use crate::rechunks::{SUCCEEDED, ended, upload};
use crate::support::access::Guarded;
use crate::support::world::{Kept, World, in_each_store, spec};

const NAME: &str = "collections/default";

async fn get(channel: &Channel) -> Result<pb::Collection, Status> {
    let name = NAME.to_owned();
    let mut client = CollectionServiceClient::new(channel.clone());
    let found = client
        .get_collection(pb::GetCollectionRequest { name })
        .await?;
    Ok(found.into_inner().collection.unwrap())
}

async fn names(channel: &Channel, page_size: i32) -> Vec<String> {
    let mut client = CollectionServiceClient::new(channel.clone());
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListCollectionsRequest {
            page_size,
            page_token,
        };
        let page = client.list_collections(request).await.unwrap().into_inner();
        names.extend(
            page.collections
                .into_iter()
                .map(|collection| collection.name),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

async fn documents(channel: &Channel) -> Result<Vec<pb::Document>, Status> {
    let request = pb::ListDocumentsRequest {
        parent: NAME.to_owned(),
        ..Default::default()
    };
    let mut client = DocumentServiceClient::new(channel.clone());
    Ok(client.list_documents(request).await?.into_inner().documents)
}

fn in_default(id: &str) -> pb::UploadSpec {
    pb::UploadSpec {
        collection: NAME.to_owned(),
        ..spec(id)
    }
}

in_each_store!(
    an_upload_finds_the_default_collection,
    concurrent_uploads_find_the_same_default_collection,
    lists_contain_the_default_collection_in_order,
    a_deleted_default_collection_is_there_again_and_empty,
);

async fn an_upload_finds_the_default_collection(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    upload(&world.channel, &in_default("d"), b"text").await;
    assert_eq!(documents(&world.channel).await.unwrap().len(), 1);
}

async fn concurrent_uploads_find_the_same_default_collection(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let specs = ["a", "b", "c", "d"].map(in_default);
    let [a, b, c, d] = specs.each_ref();
    let send = async |spec| upload(&world.channel, spec, b"text").await;
    tokio::join!(send(a), send(b), send(c), send(d));
    assert_eq!(documents(&world.channel).await.unwrap().len(), 4);
}

async fn lists_contain_the_default_collection_in_order(kept: Kept) {
    for page_size in [1, 50] {
        let world = World::start_in(kept, |_| {}).await;
        let request = pb::CreateCollectionRequest {
            collection_id: "e".to_owned(),
            ..Default::default()
        };
        let mut client = CollectionServiceClient::new(world.channel.clone());
        client.create_collection(request).await.unwrap();
        let expected = ["collections/c", NAME, "collections/e"];
        assert_eq!(names(&world.channel, page_size).await, expected);
        assert_eq!(names(&world.channel, page_size).await, expected);
    }
}

async fn a_deleted_default_collection_is_there_again_and_empty(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    upload(&world.channel, &in_default("d"), b"text").await;
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let request = pb::DeleteCollectionRequest {
        name: NAME.to_owned(),
        force: true,
        ..Default::default()
    };
    let deleted = client.delete_collection(request).await.unwrap();
    let operation = deleted.into_inner().operation.unwrap();
    assert_eq!(documents(&world.channel).await.unwrap(), []);
    let ended = ended(&world.channel, &operation.name).await;
    assert_eq!(ended.state, SUCCEEDED);
    upload(&world.channel, &in_default("d"), b"text").await;
    assert_eq!(documents(&world.channel).await.unwrap().len(), 1);
}

#[tokio::test]
async fn each_kind_of_request_finds_the_default_collection() {
    let world = World::start().await;
    assert_eq!(get(&world.channel).await.unwrap().name, NAME);

    let world = World::start().await;
    assert_eq!(documents(&world.channel).await.unwrap(), []);

    let world = World::start().await;
    let request = pb::StreamChangesRequest {
        collection: NAME.to_owned(),
        ..Default::default()
    };
    let mut client = ChunkServiceClient::new(world.channel.clone());
    client.stream_changes(request).await.unwrap();

    let world = World::start().await;
    let request = pb::UpdateCollectionRequest {
        collection: Some(pb::Collection {
            name: NAME.to_owned(),
            chunking: Some(pb::ChunkingSpec {
                max_size: Some(400),
                ..Default::default()
            }),
            ..Default::default()
        }),
        update_mask: None,
    };
    let mut client = CollectionServiceClient::new(world.channel.clone());
    client.update_collection(request).await.unwrap();
    let chunking = get(&world.channel).await.unwrap().chunking.unwrap();
    assert_eq!(chunking.max_size, Some(400));

    let root = Root::new();
    root.write("file.txt", "text");
    let world = root.world().await;
    let request = pb::ImportDocumentRequest {
        parent: NAME.to_owned(),
        document_id: "d".to_owned(),
        path: "file.txt".to_owned(),
        ..Default::default()
    };
    let begun = import(&world.channel, request).await.unwrap();
    assert_eq!(ended(&world.channel, &begun.name).await.state, SUCCEEDED);
}

#[tokio::test]
async fn the_default_collection_can_be_created_with_a_spec_before_its_first_use() {
    let world = World::start().await;
    let create = pb::CreateCollectionRequest {
        collection_id: "default".to_owned(),
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(400),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(world.channel.clone());
    client.create_collection(create.clone()).await.unwrap();
    let chunking = get(&world.channel).await.unwrap().chunking.unwrap();
    assert_eq!(chunking.max_size, Some(400));
    let refused = client.create_collection(create).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
}

#[tokio::test]
async fn tenants_created_later_have_their_own_default_collection() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let (_, key) = world.key("acme", pb::Role::Reader).await;
    let mut client = CollectionServiceClient::new(world.by(&key));
    let name = NAME.to_owned();
    let found = client
        .get_collection(pb::GetCollectionRequest { name })
        .await;
    let found = found.unwrap().into_inner().collection.unwrap();
    assert_eq!(found.name, NAME);
}
