//! Updates and deletions: immediate for readers, gradual in the store, and applied once for each request id.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use tonic::Code;

use crate::support::world::{
    World, first, labels, metadata, name_of, prose, reason, resumed, spec, whole,
};

const SUCCEEDED: i32 = 2;

/// Returns the number of chunks in all partitions.
async fn held(world: &World) -> i64 {
    let mut client = PartitionServiceClient::new(world.channel.clone());
    let health = client
        .get_partition_health(pb::GetPartitionHealthRequest {})
        .await;
    let partitions = health.unwrap().into_inner().partitions;
    partitions.iter().map(|partition| partition.chunks).sum()
}

/// Waits for the end of an operation, and returns its last state.
async fn ended(world: &World, name: &str) -> pb::Operation {
    let mut client = OperationServiceClient::new(world.channel.clone());
    let request = pb::WatchOperationRequest {
        name: name.to_owned(),
        after_seq: 0,
    };
    let mut states = client.watch_operation(request).await.unwrap().into_inner();
    let mut latest = None;
    while let Some(state) = states.message().await.unwrap() {
        latest = state.operation;
    }
    latest.unwrap()
}

async fn is_not_cancellable(world: &World, operation: &str) {
    let mut operations = OperationServiceClient::new(world.channel.clone());
    let name = operation.to_owned();
    let cancel = pb::CancelOperationRequest { name };
    let refused = operations.cancel_operation(cancel).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "NOT_CANCELLABLE")
    );
}

#[tokio::test]
async fn repeated_requests_delete_a_document_once() {
    let world = World::start().await;
    let text = prose(2_000_000);
    world
        .send(whole(&spec("d"), text.as_bytes(), 200_000))
        .await
        .unwrap();
    world.send(whole(&spec("e"), b"stays", 100)).await.unwrap();
    let open = spec("d");
    world
        .send(vec![first(&open, b"a new version")])
        .await
        .unwrap();
    let chunks = held(&world).await;
    let name = "collections/c/documents/d".to_owned();
    let request = pb::DeleteDocumentRequest {
        name: name.clone(),
        etag: "\"ffff\"".to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
    };
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let refused = client.delete_document(request.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "ETAG_MISMATCH")
    );
    let found = client
        .get_document(pb::GetDocumentRequest { name: name.clone() })
        .await;
    let etag = found.unwrap().into_inner().document.unwrap().etag;
    let request = pb::DeleteDocumentRequest { etag, ..request };
    let deleted = client.delete_document(request.clone()).await.unwrap();
    let operation = deleted.into_inner().operation.unwrap();
    assert_eq!(operation.name, format!("operations/{}", request.request_id));
    assert_eq!(
        (operation.kind, operation.target.as_str()),
        (2, name.as_str())
    );
    let gone = client.get_document(pb::GetDocumentRequest { name }).await;
    assert_eq!(gone.unwrap_err().code(), Code::NotFound);
    let refused = world
        .send(vec![resumed(&name_of(&open), 0, b"a")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "DOCUMENT_DELETED")
    );
    let again = client.delete_document(request.clone()).await.unwrap();
    assert_eq!(again.into_inner().operation.unwrap().name, operation.name);
    let other = pb::DeleteDocumentRequest {
        name: "collections/c/documents/e".to_owned(),
        etag: String::new(),
        ..request
    };
    let without_etag = pb::DeleteDocumentRequest {
        name: operation.target.clone(),
        ..other.clone()
    };
    for other in [other, without_etag] {
        let refused = client.delete_document(other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "REQUEST_ID_REUSED")
        );
    }
    is_not_cancellable(&world, &operation.name).await;
    let ended = ended(&world, &operation.name).await;
    assert_eq!((ended.state, ended.chunks), (SUCCEEDED, chunks - 1));
    assert_eq!(held(&world).await, 1);
}

#[tokio::test]
async fn a_collection_is_created_once_for_each_request() {
    let world = World::start().await;
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let create = pb::CreateCollectionRequest {
        collection_id: "books".to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    };
    let created = client.create_collection(create.clone()).await.unwrap();
    let again = client.create_collection(create.clone()).await.unwrap();
    assert_eq!(again.into_inner(), created.into_inner(), "the same request");
    let elsewhere = pb::CreateCollectionRequest {
        collection_id: "other".to_owned(),
        ..create.clone()
    };
    let otherwise = pb::CreateCollectionRequest {
        decoding: Some(pb::DecodingPolicy::default()),
        ..create.clone()
    };
    for other in [elsewhere, otherwise] {
        let refused = client.create_collection(other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "REQUEST_ID_REUSED")
        );
    }
    let delete = pb::DeleteCollectionRequest {
        name: "collections/books".to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    };
    client.delete_collection(delete.clone()).await.unwrap();
    client.delete_collection(delete.clone()).await.unwrap();
    let forced = pb::DeleteCollectionRequest {
        force: true,
        ..delete
    };
    let refused = client.delete_collection(forced).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    // The collection of this request was deleted, and the same request id does not create it again.
    let refused = client.create_collection(create).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "COLLECTION_DELETED")
    );
}

#[tokio::test]
async fn updates_of_a_collection_respect_its_etag_and_the_mask() {
    let world = World::start().await;
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let name = "collections/c".to_owned();
    let found = client
        .get_collection(pb::GetCollectionRequest { name })
        .await;
    let known = found.unwrap().into_inner().collection.unwrap();
    let change = |paths: &[&str], etag: &str| pb::UpdateCollectionRequest {
        collection: Some(pb::Collection {
            name: known.name.clone(),
            chunking: Some(pb::ChunkingSpec {
                max_size: Some(100),
                ..Default::default()
            }),
            decoding: Some(pb::DecodingPolicy {
                nul: Some(2),
                ..Default::default()
            }),
            etag: etag.to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    };
    let mut update = async |paths: &[&str], etag: &str| {
        let updated = client.update_collection(change(paths, etag)).await?;
        Ok::<_, tonic::Status>(updated.into_inner().collection.unwrap())
    };
    let updated = update(&["chunking"], &known.etag).await.unwrap();
    assert_eq!(updated.chunking.unwrap().max_size, Some(100));
    assert_eq!(updated.decoding, known.decoding, "not in the mask");
    let refused = update(&["chunking"], &known.etag).await.unwrap_err();
    assert_eq!(reason(&refused), "ETAG_MISMATCH");
    let refused = update(&["name"], "").await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "update_mask");
    assert_eq!(
        update(&[], "").await.unwrap().decoding.unwrap().nul,
        Some(2)
    );
    let source = prose(1_000);
    let upload = world.send(whole(&spec("d"), source.as_bytes(), 500)).await;
    assert!(upload.unwrap().chunks > 9, "the new spec applies");
}

#[tokio::test]
async fn a_collection_is_deleted_with_its_documents() {
    let world = World::start().await;
    let upload = world.send(whole(&spec("d"), b"text", 500)).await.unwrap();
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let delete = pb::DeleteCollectionRequest {
        name: "collections/c".to_owned(),
        ..Default::default()
    };
    let refused = client.delete_collection(delete.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "COLLECTION_NOT_EMPTY")
    );
    let force = pb::DeleteCollectionRequest {
        force: true,
        ..delete
    };
    let deleted = client.delete_collection(force.clone()).await.unwrap();
    let operation = deleted.into_inner().operation.unwrap();
    let ended = ended(&world, &operation.name).await;
    assert_eq!(
        (ended.state, ended.kind, held(&world).await),
        (SUCCEEDED, 3, 0)
    );
    let again = client.delete_collection(force).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    let rows = world.rows(&upload.document).await.unwrap_err();
    assert_eq!(rows.code(), Code::NotFound);
}

#[tokio::test]
async fn documents_are_found_by_their_labels_in_pages() {
    let world = World::start().await;
    for number in 0..6 {
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        let mut spec = spec(&format!("d{number}"));
        spec.labels = Some(labels(&[("parity", parity), ("it's", "\"quoted\"")]));
        world.send(whole(&spec, b"text", 100)).await.unwrap();
    }
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let request = |labels: &[(&str, &str)], page_token: String| pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        page_size: 2,
        page_token,
        labels: labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    };
    let (odd, quoted) = (("parity", "odd"), ("it's", "\"quoted\""));
    let page = client
        .list_documents(request(&[odd, quoted], String::new()))
        .await
        .unwrap();
    let page = page.into_inner();
    let names = |page: &pb::ListDocumentsResponse| {
        let names = page
            .documents
            .iter()
            .map(|document| document.display_name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&page), ["d1", "d3"]);
    let token = page.next_page_token;
    let refused = client
        .list_documents(request(&[odd], token.clone()))
        .await
        .unwrap_err();
    assert_eq!(metadata(&refused, "field"), "page_token", "another list");
    let rest = client
        .list_documents(request(&[quoted, odd], token))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (names(&rest), rest.next_page_token.as_str()),
        (vec!["d5".to_owned()], "")
    );
    let none = client
        .list_documents(request(&[("parity", "none")], String::new()))
        .await;
    assert!(none.unwrap().into_inner().documents.is_empty());
}

#[tokio::test]
async fn operations_are_listed_by_state_in_pages() {
    let world = World::start().await;
    for number in 0..3 {
        world
            .send(whole(&spec(&format!("d{number}")), b"text", 100))
            .await
            .unwrap();
    }
    let open = spec("open");
    world.send(vec![first(&open, b"text")]).await.unwrap();
    let mut client = OperationServiceClient::new(world.channel.clone());
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListOperationsRequest {
            page_size: 3,
            page_token,
            state: 0,
        };
        let page = client.list_operations(request).await.unwrap().into_inner();
        names.extend(page.operations.into_iter().map(|operation| operation.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 4);
    let running = pb::ListOperationsRequest {
        state: 1,
        ..Default::default()
    };
    let running = client
        .list_operations(running)
        .await
        .unwrap()
        .into_inner()
        .operations;
    assert_eq!(running.len(), 1);
    assert_eq!(
        running[0].name,
        name_of(&open).replace("uploads", "operations")
    );
}
