//! A document without a completed upload: after the upload ends, it is not listed, and its name is free.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::Code;

use crate::support::world::{
    Kept, World, first, in_each_store, labels, last, name_of, reason, spec, whole,
};

const NAME: &str = "collections/c/documents/d";

/// Returns the names of the documents with these labels.
async fn listed(world: &World, labels: &[(&str, &str)]) -> Vec<String> {
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let request = pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        labels: labels.collect(),
        ..Default::default()
    };
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let listed = client.list_documents(request).await.unwrap().into_inner();
    listed
        .documents
        .into_iter()
        .map(|document| document.name)
        .collect()
}

/// Whether the document is found, and the number of documents that the partitions count.
async fn known(world: &World) -> (bool, i64) {
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let request = pb::GetDocumentRequest {
        name: NAME.to_owned(),
    };
    let found = match client.get_document(request).await {
        Ok(_) => true,
        Err(status) if status.code() == Code::NotFound => false,
        Err(status) => unreachable!("{status:?}"),
    };
    let mut client = PartitionServiceClient::new(world.channel.clone());
    let health = client.get_partition_health(pb::GetPartitionHealthRequest::default());
    let health = health.await.unwrap().into_inner();
    (
        found,
        health
            .partitions
            .iter()
            .map(|partition| partition.documents)
            .sum(),
    )
}

fn labelled(value: &str) -> pb::UploadSpec {
    pb::UploadSpec {
        labels: Some(labels(&[("key", value)])),
        ..spec("d")
    }
}

async fn a_document_without_a_version_is_gone_when_its_upload_ends(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = b"A text that is chunked.";
    // The upload is refused: its content is not text.
    let binary = [&b"%PDF-1.7\n"[..], &[0; 600]].concat();
    let refused = world
        .send(vec![last(first(&labelled("binary"), &binary))])
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "UNSUPPORTED_CONTENT");
    assert_eq!(
        (listed(&world, &[]).await.len(), known(&world).await),
        (0, (false, 0))
    );
    // The upload is cancelled. Until then the document exists.
    let upload = labelled("cancelled");
    world.send(vec![first(&upload, text)]).await.unwrap();
    assert_eq!(
        (listed(&world, &[]).await.len(), known(&world).await),
        (1, (true, 1))
    );
    let request = pb::CancelUploadRequest {
        name: name_of(&upload),
    };
    let mut uploads = UploadServiceClient::new(world.channel.clone());
    uploads.cancel_upload(request).await.unwrap();
    assert_eq!(
        (listed(&world, &[]).await.len(), known(&world).await),
        (0, (false, 0))
    );
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    let deletion = pb::DeleteDocumentRequest {
        name: NAME.to_owned(),
        ..Default::default()
    };
    let missing = documents
        .delete_document(deletion.clone())
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    // The name is free, and the document gets the labels of the completed upload.
    let whole_of = |upload: &pb::UploadSpec| whole(upload, text, 10);
    world.send(whole_of(&labelled("good"))).await.unwrap();
    assert_eq!(listed(&world, &[("key", "good")]).await, [NAME]);
    assert!(listed(&world, &[("key", "cancelled")]).await.is_empty());
    assert_eq!(known(&world).await, (true, 1));
    // A document with a version stays, even if its next upload fails.
    let refused = world
        .send(vec![last(first(&labelled("worse"), &binary))])
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "UNSUPPORTED_CONTENT");
    assert_eq!(listed(&world, &[("key", "good")]).await, [NAME]);
    documents.delete_document(deletion).await.unwrap();
    world.send(whole_of(&labelled("again"))).await.unwrap();
    assert_eq!(listed(&world, &[("key", "again")]).await, [NAME]);
    let superseded = labelled("first");
    let other = pb::UploadSpec {
        document_id: "e".to_owned(),
        ..superseded
    };
    world.send(vec![first(&other, text)]).await.unwrap();
    let newer = pb::UploadSpec {
        request_id: spec("e").request_id,
        ..other.clone()
    };
    world.send(whole_of(&newer)).await.unwrap();
    assert_eq!(
        listed(&world, &[]).await.len(),
        2,
        "the newer upload created it"
    );
}

in_each_store!(a_document_without_a_version_is_gone_when_its_upload_ends);
