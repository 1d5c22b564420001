//! Documents with levels under kills of the server.

use std::sync::Arc;
use std::time::Duration;

use sluice::interface::grpc::pb;
use tokio_util::sync::CancellationToken;

use crate::levels::in_levels;
use crate::support::follower::{Follower, assert_same, contents_of_levels};
use crate::support::restarted::{Restarted, follow_at_random, upload};
use crate::support::world::{plain, prose, read};

const DOCUMENTS: usize = 3;
const VERSIONS: usize = 3;
const KILLS: usize = 20;
const SIZES: [u32; 3] = [32_000, 4_000, 400];

#[tokio::test]
async fn every_level_is_right_after_kills_in_store_and_followers() {
    let instance = Restarted::start().await;
    let enough = CancellationToken::new();
    let source = |document, version| {
        let mark = format!("Document {document}, version {version}. ");
        mark.clone() + &prose(1_000_000).replacen("Sentence 777 ", &mark, 1)
    };
    let uploads = (0..DOCUMENTS).map(|document| {
        let instance = Arc::clone(&instance);
        tokio::spawn(async move {
            for version in 0..VERSIONS {
                let spec = in_levels(&format!("d{document}"), &SIZES, 50);
                upload(&instance, &spec, source(document, version).as_bytes()).await;
            }
        })
    });
    let uploads = uploads.collect::<Vec<_>>();
    let following = [&[0][..], &[1, 2], &[0, 1, 2]].map(|levels| {
        let follower = Follower {
            levels: levels.to_vec(),
            ..Follower::default()
        };
        tokio::spawn(follow_at_random(
            Arc::clone(&instance),
            follower,
            enough.clone(),
        ))
    });
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(200)).await;
        instance.restart().await;
    }
    for upload in uploads {
        upload.await.unwrap();
    }
    enough.cancel();
    let channel = instance.channel().await;
    for follower in following {
        let mut follower = follower.await.unwrap();
        follower.catch_up(&channel).await.unwrap();
        let stored = contents_of_levels(&channel, &follower.levels).await;
        assert_eq!(stored.len(), DOCUMENTS);
        assert_same(&follower.contents, &stored);
    }
    // An undisturbed upload of the same text has the same chunks in each level.
    let all = |id: &str| {
        let request = pb::StreamChunksRequest {
            document: format!("collections/c/documents/{id}"),
            levels: vec![0, 1, 2],
            ..Default::default()
        };
        read(&channel, request)
    };
    for document in 0..DOCUMENTS {
        let source = source(document, VERSIONS - 1);
        upload(
            &instance,
            &in_levels("undisturbed", &SIZES, 50),
            source.as_bytes(),
        )
        .await;
        let [killed, whole] = [format!("d{document}"), "undisturbed".to_owned()];
        let (killed, whole) = (all(&killed).await.unwrap(), all(&whole).await.unwrap());
        assert!(killed.len() > 2_500 && plain(&killed) == plain(&whole));
        let keys = |chunks: &[_]| chunks.iter().map(key).collect::<Vec<_>>();
        assert!(keys(&killed) == keys(&whole));
    }
}

/// Returns the identity of a chunk, and its place among the levels.
fn key(chunk: &pb::Chunk) -> (i32, i64, i64, Vec<i64>, Vec<u8>) {
    (
        chunk.level,
        chunk.first_ordinal,
        chunk.last_ordinal,
        chunk.parents.clone(),
        chunk.key.to_vec(),
    )
}
