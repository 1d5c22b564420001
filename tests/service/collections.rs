//! Creating, reading and listing collections and documents.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use tonic::Code;

use crate::support::world::{World, labels, metadata, reason, spec, whole};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one sequence of calls")]
async fn collections_are_created_once_and_listed_in_pages() {
    let world = World::start().await;
    let mut client = CollectionServiceClient::new(world.channel.clone());
    for id in ["b", "a", "d-1"] {
        let request = pb::CreateCollectionRequest {
            collection_id: id.to_owned(),
            ..Default::default()
        };
        let created = client
            .create_collection(request)
            .await
            .unwrap()
            .into_inner()
            .collection
            .unwrap();
        assert_eq!(created.name, format!("collections/{id}"));
        let found = client
            .get_collection(pb::GetCollectionRequest {
                name: created.name.clone(),
            })
            .await;
        assert_eq!(found.unwrap().into_inner().collection.unwrap(), created);
    }
    let again = pb::CreateCollectionRequest {
        collection_id: "a".to_owned(),
        ..Default::default()
    };
    let refused = client.create_collection(again).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "ALREADY_EXISTS")
    );
    let wrong = pb::CreateCollectionRequest {
        collection_id: "../a".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        metadata(&client.create_collection(wrong).await.unwrap_err(), "field"),
        "collection_id"
    );

    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListCollectionsRequest {
            page_size: 1,
            page_token,
        };
        let page = client.list_collections(request).await.unwrap().into_inner();
        assert!(page.collections.len() <= 1);
        names.extend(
            page.collections
                .into_iter()
                .map(|collection| collection.name),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        names,
        [
            "collections/a",
            "collections/b",
            "collections/c",
            "collections/d-1",
            "collections/default"
        ]
    );
    for (page_size, page_token, field) in [(-1, "", "page_size"), (0, "nonsense", "page_token")] {
        let request = pb::ListCollectionsRequest {
            page_size,
            page_token: page_token.to_owned(),
        };
        assert_eq!(
            metadata(
                &client.list_collections(request).await.unwrap_err(),
                "field"
            ),
            field
        );
    }
}

#[tokio::test]
async fn documents_report_their_metadata_and_counts() {
    let world = World::start().await;
    let mut labelled = spec("d");
    labelled.labels = Some(labels(&[("source", "https://example.com/?a=<b>'\"")]));
    labelled.display_name = "A <script>alert(1)</script> document".to_owned();
    let text = "Some text. \u{6C34}\n";
    world
        .send(whole(&labelled, text.as_bytes(), 100))
        .await
        .unwrap();
    world.send(whole(&spec("e"), b"other", 100)).await.unwrap();
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let request = pb::GetDocumentRequest {
        name: "collections/c/documents/d".to_owned(),
    };
    let document = client
        .get_document(request)
        .await
        .unwrap()
        .into_inner()
        .document
        .unwrap();
    assert_eq!(
        (document.display_name.as_str(), document.labels.clone()),
        (
            labelled.display_name.as_str(),
            labelled.labels.unwrap().values
        )
    );
    assert_eq!(
        (
            document.current_version,
            document.chunks,
            document.source_bytes,
            document.characters
        ),
        (1, 1, 15, 13)
    );
    let request = pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        ..Default::default()
    };
    let listed = client
        .list_documents(request)
        .await
        .unwrap()
        .into_inner()
        .documents;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], document);
    let none = pb::ListDocumentsRequest {
        parent: "collections/none".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        client.list_documents(none).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn counts_of_the_hundred_partitions_add_up() {
    let world = World::start().await;
    for number in 0..30 {
        world
            .send(whole(&spec(&format!("d{number}")), b"some text", 100))
            .await
            .unwrap();
    }
    let mut client = PartitionServiceClient::new(world.channel.clone());
    let health = client
        .get_partition_health(pb::GetPartitionHealthRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(health.partitions.len(), 100);
    assert!(
        health
            .partitions
            .iter()
            .zip(0..)
            .all(|(partition, number)| partition.partition == number)
    );
    let sum =
        |count: fn(&pb::PartitionHealth) -> i64| health.partitions.iter().map(count).sum::<i64>();
    assert_eq!(
        (
            sum(|p| p.documents),
            sum(|p| p.chunks),
            sum(|p| p.text_bytes)
        ),
        (30, 30, 270)
    );
    assert!(
        health
            .partitions
            .iter()
            .all(|partition| partition.documents <= 2),
        "two choices balance"
    );
}

/// Invalid names reach neither the file system nor an SQL statement, and error messages do not repeat them.
#[tokio::test]
async fn invalid_names_are_refused_and_not_repeated() {
    let world = World::start().await;
    let long = "a".repeat(10_000);
    let payloads = [
        "..",
        ".",
        "../../etc/passwd",
        "%2e%2e%2f",
        "%252e%252e",
        "\u{FF0E}\u{FF0E}\u{FF3C}",
        "a\0b",
        "e\u{0301}",
        "\u{202E}txt.exe",
        "\u{200B}",
        "a/b",
        "a'; DROP TABLE chunks; --",
        "",
        &long,
    ];
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    let mut collections = CollectionServiceClient::new(world.channel.clone());
    for payload in payloads {
        let upload = world.send(whole(&spec(payload), b"text", 10)).await;
        let name = format!("collections/c/documents/{payload}");
        let get = documents
            .get_document(pb::GetDocumentRequest { name })
            .await;
        let create = pb::CreateCollectionRequest {
            collection_id: payload.to_owned(),
            ..Default::default()
        };
        let create = collections.create_collection(create).await;
        let name = format!("collections/{payload}");
        let delete = pb::DeleteCollectionRequest {
            name,
            ..Default::default()
        };
        let delete = collections.delete_collection(delete).await;
        let refused = [
            upload.map(drop),
            get.map(drop),
            create.map(drop),
            delete.map(drop),
        ];
        for refused in refused {
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{payload:?}");
            let is_long_enough = payload.len() > 2;
            let is_repeated = is_long_enough && refused.message().contains(payload);
            assert!(!is_repeated, "{}", refused.message());
        }
    }
    let most = pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        page_size: i32::MAX,
        ..Default::default()
    };
    documents.list_documents(most).await.unwrap();
}
