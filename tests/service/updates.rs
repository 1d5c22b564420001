//! The metadata of a document changes without an upload, and neither uploads nor rechunks bring old labels back.

use std::collections::BTreeMap;

use prost_types::FieldMask;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::operation::State;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::rechunks::operation;
use crate::support::follower::{Follower, labels as labels_of};
use crate::support::world::{
    Kept, World, first, labels, last, name_of, prose, reason, resumed, spec, whole,
};

const NAME: &str = "collections/c/documents/d";

/// Changes the fields of a mask to those of `document`.
pub(crate) async fn update(
    channel: &Channel,
    document: pb::Document,
    paths: &[&str],
) -> Result<pb::Document, Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateDocumentRequest {
        document: Some(document),
        update_mask: Some(FieldMask { paths }),
    };
    let mut client = DocumentServiceClient::new(channel.clone());
    let updated = client.update_document(request).await?;
    Ok(updated.into_inner().document.unwrap())
}

pub(crate) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels(pairs).values
}

fn labelled(pairs: &[(&str, &str)]) -> pb::Document {
    pb::Document {
        name: NAME.to_owned(),
        labels: map(pairs),
        ..pb::Document::default()
    }
}

async fn get(channel: &Channel) -> pb::Document {
    let name = NAME.to_owned();
    let mut client = DocumentServiceClient::new(channel.clone());
    let found = client.get_document(pb::GetDocumentRequest { name }).await;
    found.unwrap().into_inner().document.unwrap()
}

async fn the_fields_of_the_mask_change_and_no_others(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let described = pb::UploadSpec {
        labels: Some(labels(&[("acl", "all")])),
        display_name: "A name".to_owned(),
        media_type: "text/markdown".to_owned(),
        ..spec("d")
    };
    world.send(whole(&described, b"text", 100)).await.unwrap();
    let before = get(&world.channel).await;

    let after = update(&world.channel, labelled(&[("acl", "staff")]), &["labels"]).await;
    let after = after.unwrap();
    assert_eq!(after, get(&world.channel).await);
    assert_ne!(after.etag, before.etag);
    let micros = |document: &pb::Document| {
        let time = document.update_time.unwrap();
        (time.seconds, time.nanos)
    };
    assert!(micros(&after) > micros(&before));
    let expected = pb::Document {
        labels: map(&[("acl", "staff")]),
        etag: after.etag.clone(),
        update_time: after.update_time,
        ..before.clone()
    };
    assert_eq!(after, expected, "only the labels have changed");
    let chunk = world.rows(NAME).await.unwrap().remove(0);
    assert_eq!(chunk.labels, after.labels, "chunks have them at once");

    // An empty value of a named field stands for the default. Without a mask the fields that are set change.
    let empty = labelled(&[]);
    let paths = ["display_name", "media_type", "labels"];
    let bare = update(&world.channel, empty, &paths).await.unwrap();
    assert_eq!(
        (
            bare.display_name.as_str(),
            bare.media_type.as_str(),
            bare.labels.len()
        ),
        ("d", "text/plain", 0)
    );
    let named = pb::Document {
        display_name: "Another".to_owned(),
        etag: bare.etag.clone(),
        ..labelled(&[])
    };
    let named = update(&world.channel, named, &[]).await.unwrap();
    assert_eq!(
        (named.display_name.as_str(), named.media_type.as_str()),
        ("Another", "text/plain")
    );

    let stale = pb::Document {
        etag: bare.etag,
        ..labelled(&[("acl", "none")])
    };
    let refused = update(&world.channel, stale, &["labels"])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "ETAG_MISMATCH")
    );
    assert_eq!(
        get(&world.channel).await,
        named,
        "a refused update changes nothing"
    );
}

#[tokio::test]
async fn the_fields_of_the_mask_change_and_no_others_in_a_file() {
    the_fields_of_the_mask_change_and_no_others(Kept::InAFile).await;
}

#[tokio::test]
async fn the_fields_of_the_mask_change_and_no_others_in_a_database() {
    the_fields_of_the_mask_change_and_no_others(Kept::InADatabase).await;
}

#[tokio::test]
async fn wrong_updates_name_the_field() {
    let world = World::start().await;
    world.send(whole(&spec("d"), b"text", 100)).await.unwrap();
    let channel = &world.channel;
    let long = pb::Document {
        display_name: "x".repeat(1_025),
        ..labelled(&[])
    };
    let other = pb::Document {
        name: "collections/c/documents/none".to_owned(),
        ..labelled(&[("a", "b")])
    };
    let before = get(channel).await;
    let unchanged = update(channel, labelled(&[]), &[]).await.unwrap();
    assert_eq!(unchanged, before, "no field, no change");
    let cases: [(pb::Document, &[&str], &str); 3] = [
        (labelled(&[]), &["chunks"], "update_mask"),
        (long, &[], "document.display_name"),
        (labelled(&[("a\0", "b")]), &[], "document.labels"),
    ];
    for (document, paths, field) in cases {
        let refused = update(channel, document, paths).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert!(refused.message().contains(field), "{field}: {refused}");
    }
    let missing = update(channel, other, &["labels"]).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    let running = spec("running");
    world.send(vec![first(&running, b"text")]).await.unwrap();
    let early = pb::Document {
        name: "collections/c/documents/running".to_owned(),
        ..labelled(&[("a", "b")])
    };
    let early = update(channel, early, &["labels"]).await.unwrap_err();
    assert_eq!(reason(&early), "NO_CURRENT_VERSION");
}

async fn an_upload_sets_only_the_fields_that_it_sent(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let channel = &world.channel;
    let mut old = spec("d");
    old.labels = Some(labels(&[("acl", "all")]));
    world.send(whole(&old, b"old text", 100)).await.unwrap();

    // Two uploads begin before the update. The one that sets labels fails, also on resumption, the other succeeds.
    let mut relabelling = spec("d");
    relabelling.labels = Some(labels(&[("acl", "all")]));
    world
        .send(vec![first(&relabelling, b"new ")])
        .await
        .unwrap();
    update(channel, labelled(&[("acl", "staff")]), &["labels"])
        .await
        .unwrap();
    let refused = world
        .send(whole(&relabelling, b"new text", 100))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "METADATA_CHANGED")
    );
    let failed = operation(channel, &format!("operations/{}", relabelling.request_id)).await;
    assert_eq!(
        (failed.state(), failed.failure_reason.as_str()),
        (State::Failed, "METADATA_CHANGED")
    );
    let silent = spec("d");
    world.send(vec![first(&silent, b"new ")]).await.unwrap();
    update(channel, labelled(&[("acl", "board")]), &["labels"])
        .await
        .unwrap();
    let rest = last(resumed(&name_of(&silent), 0, b"new text"));
    world.send(vec![rest]).await.unwrap();
    let after = get(channel).await;
    assert_eq!(
        (after.current_version, after.labels),
        (3, map(&[("acl", "board")]))
    );

    // The failed one is uploaded again under another id; labels that are present and empty remove all.
    let mut again = spec("d");
    again.labels = Some(labels(&[]));
    world.send(whole(&again, b"new text", 100)).await.unwrap();
    assert!(get(channel).await.labels.is_empty());
}

#[tokio::test]
async fn an_upload_sets_only_the_fields_that_it_sent_in_a_file() {
    an_upload_sets_only_the_fields_that_it_sent(Kept::InAFile).await;
}

#[tokio::test]
async fn an_upload_sets_only_the_fields_that_it_sent_in_a_database() {
    an_upload_sets_only_the_fields_that_it_sent(Kept::InADatabase).await;
}

#[tokio::test]
async fn a_follower_receives_changed_labels_without_chunks() {
    let world = World::start().await;
    world.send(whole(&spec("d"), b"text", 100)).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let (added, kept, resets) = (follower.added, follower.kept, follower.resets);
    assert_eq!(follower.documents, 1, "a snapshot has the metadata");
    for acl in ["staff", "board"] {
        let document = labelled(&[("acl", acl)]);
        update(&world.channel, document, &["labels"]).await.unwrap();
    }
    follower.catch_up(&world.channel).await.unwrap();
    assert_eq!(
        (
            follower.added,
            follower.kept,
            follower.resets,
            follower.documents
        ),
        (added, kept, resets, 3)
    );
    assert_eq!(follower.labels, labels_of(&world.channel).await);
}

/// The document comes with a version that has no chunks too, before the contents that are gone.
#[tokio::test]
async fn a_follower_receives_the_labels_of_an_empty_version() {
    let world = World::start().await;
    let old = pb::UploadSpec {
        labels: Some(labels(&[("acl", "all")])),
        ..spec("d")
    };
    world.send(whole(&old, b"text", 100)).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let new = pb::UploadSpec {
        labels: Some(labels(&[("acl", "staff")])),
        ..spec("d")
    };
    world.send(vec![last(first(&new, b""))]).await.unwrap();
    follower.catch_up(&world.channel).await.unwrap();
    assert_eq!(follower.removed, 1);
    assert_eq!(follower.labels, labels_of(&world.channel).await);
    assert_eq!(follower.labels[NAME]["acl"], "staff");
}

/// A reader that follows an upload without labels receives the labels that the document has.
#[tokio::test]
async fn followed_chunks_have_labels_that_change_during_the_upload() {
    let world = World::start().await;
    let old = pb::UploadSpec {
        labels: Some(labels(&[("acl", "all")])),
        ..spec("d")
    };
    world.send(whole(&old, b"text", 100)).await.unwrap();
    let silent = spec("d");
    let text = prose(20_000);
    let head = first(&silent, &text.as_bytes()[..10_000]);
    world.send(vec![head]).await.unwrap();
    let request = pb::StreamChunksRequest {
        document: NAME.to_owned(),
        follow: true,
        ..pb::StreamChunksRequest::default()
    };
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let mut pages = client.stream_chunks(request).await.unwrap().into_inner();
    let before = pages.message().await.unwrap().unwrap();
    assert_eq!(before.chunks[0].labels, map(&[("acl", "all")]));
    update(&world.channel, labelled(&[("acl", "staff")]), &["labels"])
        .await
        .unwrap();
    let rest = last(resumed(&name_of(&silent), 0, text.as_bytes()));
    world.send(vec![rest]).await.unwrap();
    let mut after = Vec::new();
    while let Some(page) = pages.message().await.unwrap() {
        after.extend(page.chunks);
    }
    assert!(!after.is_empty());
    let is_new = |chunk: &pb::Chunk| chunk.labels == map(&[("acl", "staff")]);
    assert!(after.iter().all(is_new), "{:?}", after[0].labels);
}
