//! A follower mirrors the labels of documents while they change at random and the server is killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tokio_util::sync::CancellationToken;

use crate::kills::random;
use crate::rechunks::{self, rechunk};
use crate::support::follower::{Follower, assert_same, contents, labels as labels_of};
use crate::support::restarted::{Restarted, follow_at_random, upload};
use crate::support::world::{prose, spec};
use crate::updates::{map, update};

/// Documents of each task.
const DOCUMENTS: u64 = 3;
const TASKS: u64 = 3;
const KILLS: u64 = 100;

/// A follower mirrors access labels while documents are labelled, uploaded, rechunked and deleted at random and the
/// server is killed 100 times. Each task repeats its call until it succeeds, so the final labels are known.
#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_of_access_labels_is_exact_after_a_hundred_kills() {
    let instance = Restarted::start().await;
    let enough = CancellationToken::new();
    let tasks = (0..TASKS).map(|task| {
        tokio::spawn(change_at_random(
            Arc::clone(&instance),
            task,
            enough.clone(),
        ))
    });
    let tasks = tasks.collect::<Vec<_>>();
    let following = tokio::spawn(follow_at_random(
        Arc::clone(&instance),
        Follower::default(),
        enough.clone(),
    ));
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(50 + random(kill, 150))).await;
        instance.restart().await;
    }
    enough.cancel();
    let mut expected = BTreeMap::new();
    for task in tasks {
        expected.extend(task.await.unwrap());
    }
    let mut follower = following.await.unwrap();
    let channel = instance.channel().await;
    follower.catch_up(&channel).await.unwrap();
    assert_same(&follower.contents, &contents(&channel).await);
    assert_eq!(
        labels_of(&channel).await,
        expected,
        "the server has lost an update"
    );
    assert_eq!(follower.labels, expected, "the mirror differs");
    assert!(
        follower.documents > 50,
        "{} changes came",
        follower.documents
    );
}

/// Changes the documents of a task until it has to stop. Returns their labels.
async fn change_at_random(
    instance: Arc<Restarted>,
    task: u64,
    enough: CancellationToken,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut expected = BTreeMap::new();
    for step in 0.. {
        if enough.is_cancelled() {
            break;
        }
        let seed = task * 1_000_000 + step;
        let id = format!("t{task}-{}", random(seed, DOCUMENTS));
        let name = format!("collections/c/documents/{id}");
        let acl = format!("{step}");
        let known = expected.contains_key(&name);
        match random(seed + 500_000, 10) {
            0 if known => {
                delete(&instance, &name).await;
                expected.remove(&name);
            }
            1 if known => {
                // A rechunk that is running refuses another. A later upload may supersede it.
                let request = rechunks::request(&id);
                let _may_be_refused = rechunk(&instance.channel().await, request).await;
            }
            2..=6 if known => {
                let document = pb::Document {
                    name: name.clone(),
                    labels: map(&[("acl", &acl)]),
                    ..pb::Document::default()
                };
                let channel = async || instance.channel().await;
                while update(&channel().await, document.clone(), &["labels"])
                    .await
                    .is_err()
                {}
                expected.insert(name, document.labels);
            }
            kind => {
                let sets = kind < 9 || !known;
                let spec = pb::UploadSpec {
                    labels: sets.then(|| pb::Labels {
                        values: map(&[("acl", &acl)]),
                    }),
                    ..spec(&id)
                };
                let mark = format!("Step {step}. ");
                let source = prose(20_000).replacen("Sentence 7 ", &mark, 1);
                upload(&instance, &spec, source.as_bytes()).await;
                if let Some(sent) = spec.labels {
                    expected.insert(name, sent.values);
                }
            }
        }
    }
    expected
}

async fn delete(instance: &Restarted, name: &str) {
    let request = pb::DeleteDocumentRequest {
        name: name.to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..pb::DeleteDocumentRequest::default()
    };
    loop {
        let mut client = DocumentServiceClient::new(instance.channel().await);
        if client.delete_document(request.clone()).await.is_ok() {
            return;
        }
    }
}
