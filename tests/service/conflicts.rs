//! Conflicting fields are refused, and no field is dropped silently.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::imports::{Root, import};
use crate::preferences::{create, found, in_tuned};
use crate::rechunks::{rechunk, upload};
use crate::support::tuned::{separators, tuned_chunking, tuned_decoding};
use crate::support::world::{World, first, metadata};

#[tokio::test]
async fn conflicting_fields_are_refused_with_their_origins() {
    let root = Root::new();
    root.write("file.txt", "text");
    let world = root.world().await;
    let channel = &world.channel;
    create(channel, "tuned", tuned_chunking(), tuned_decoding())
        .await
        .unwrap();
    upload(channel, &in_tuned("d"), b"text").await;
    let small = || {
        Some(pb::ChunkingSpec {
            max_size: Some(150),
            ..Default::default()
        })
    };
    let uploaded = pb::UploadSpec {
        chunking: small(),
        ..in_tuned("small")
    };
    let imported = pb::ImportDocumentRequest {
        parent: "collections/tuned".to_owned(),
        document_id: "small".to_owned(),
        path: "file.txt".to_owned(),
        chunking: small(),
        ..Default::default()
    };
    let rechunked = pb::RechunkDocumentRequest {
        name: "collections/tuned/documents/d".to_owned(),
        chunking: small(),
        ..Default::default()
    };
    let refusals = [
        world
            .send(vec![first(&uploaded, b"text")])
            .await
            .unwrap_err(),
        import(channel, imported).await.unwrap_err(),
        rechunk(channel, rechunked).await.unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!(
            (refused.code(), metadata(&refused, "field").as_str()),
            (Code::InvalidArgument, "chunking.min_size")
        );
        let message = refused.message();
        assert!(message.contains("200 (from the collection)"), "{message}");
        assert!(message.contains("max_size is 150 (as given)"), "{message}");
        assert!(message.contains("give a min_size in that range"));
    }
    let absent = get(channel, "small").await;
    assert_eq!(absent.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn separators_are_never_dropped_silently() {
    let world = World::start().await;
    let channel = &world.channel;
    create(channel, "tuned", tuned_chunking(), tuned_decoding())
        .await
        .unwrap();
    let sentence = pb::ChunkingSpec {
        strategy: Some(pb::Strategy::Sentence.into()),
        ..Default::default()
    };
    let spec = pb::UploadSpec {
        chunking: Some(sentence.clone()),
        ..in_tuned("sentences")
    };
    upload(channel, &spec, b"text").await;
    let effective = found(channel, "sentences").await.chunking.unwrap();
    assert_eq!(effective.separators, None, "the collection's do not apply");
    let both = pb::ChunkingSpec {
        separators: Some(separators(&[";"])),
        ..sentence
    };
    let spec = pb::UploadSpec {
        chunking: Some(both.clone()),
        ..in_tuned("both")
    };
    let preview = pb::PreviewRequest {
        chunking: Some(both.clone()),
        ..Default::default()
    };
    let update = pb::UpdateCollectionRequest {
        collection: Some(pb::Collection {
            name: "collections/tuned".to_owned(),
            chunking: Some(both.clone()),
            ..Default::default()
        }),
        update_mask: None,
    };
    let mut chunking = ChunkingServiceClient::new(channel.clone());
    let mut collections = CollectionServiceClient::new(channel.clone());
    let refusals = [
        world.send(vec![first(&spec, b"text")]).await.unwrap_err(),
        chunking.preview(preview).await.unwrap_err(),
        create(channel, "other", both, pb::DecodingPolicy::default())
            .await
            .unwrap_err(),
        collections.update_collection(update).await.unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!(
            (refused.code(), metadata(&refused, "field").as_str()),
            (Code::InvalidArgument, "chunking.separators")
        );
    }
}

async fn get(channel: &Channel, id: &str) -> Result<pb::Document, Status> {
    let name = format!("collections/tuned/documents/{id}");
    let mut client = DocumentServiceClient::new(channel.clone());
    let found = client.get_document(pb::GetDocumentRequest { name }).await?;
    Ok(found.into_inner().document.unwrap())
}
