//! Changes of documents with levels: a follower of any levels has exactly their chunks.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;

use crate::kills::random;
use crate::levels::{CHOICES, DOCUMENT, chunks, in_levels, of, text, upload};
use crate::rechunks::{SUCCEEDED, ended, rechunk};
use crate::support::follower::{Follower, assert_same, contents_of_levels};
use crate::support::world::{Kept, World, in_each_store, metadata, spec};

in_each_store!(
    followers_of_each_choice_of_levels_have_their_chunks,
    a_rechunk_adds_and_removes_levels,
);

/// The follower of each choice reads one response a call, and sees versions with other levels than the ones before, two
/// parents of equal text, a parent with one child, a document of one chunk, and one without levels.
async fn followers_of_each_choice_of_levels_have_their_chunks(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let mut followers = CHOICES.map(|levels| Follower {
        levels: levels.to_vec(),
        ..Follower::default()
    });
    let equal = "One of the equal parents.\n".repeat(4) + "\n\n";
    let sizes: [&[u32]; 4] = [&[2_000, 500, 120], &[2_000, 500, 120], &[500, 120], &[]];
    for round in 0..12 {
        let id = ["d", "e", "f"][usize::try_from(random(round, 3)).unwrap()];
        let levels = sizes[usize::try_from(random(round + 100, 4)).unwrap()];
        let text = match random(round + 200, 4) {
            0 => "A document of one chunk.".to_owned(),
            1 => equal.repeat(20),
            2 => text(),
            _ => text().replacen("Sentence 40 ", "Another 40 ", 1),
        };
        upload(&world, &in_levels(id, levels, 0), &text).await;
        for follower in &mut followers {
            catch_up_by_parts(&world, follower).await;
            let stored = contents_of_levels(&world.channel, &follower.levels).await;
            assert_same(&follower.contents, &stored);
        }
    }
    for follower in &followers {
        assert!(follower.added > 0, "{:?}", follower.levels);
    }
    let kept = followers.iter().filter(|follower| follower.kept > 0);
    assert!(kept.count() >= 7, "versions were compared");
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    let name = DOCUMENT.to_owned();
    let deletion = pb::DeleteDocumentRequest {
        name,
        ..Default::default()
    };
    documents.delete_document(deletion).await.unwrap();
    for follower in &mut followers {
        catch_up_by_parts(&world, follower).await;
        assert!(!follower.contents.contains_key(DOCUMENT));
    }
    // A cursor is bound to its levels.
    let other = Follower {
        levels: vec![0],
        ..followers[0].clone()
    };
    let refused = other.open(&world.channel, false).await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "after_cursor");
}

/// Takes one response of each stream, until one has none.
async fn catch_up_by_parts(world: &World, follower: &mut Follower) {
    loop {
        let mut parts = follower.open(&world.channel, false).await.unwrap();
        let Some(part) = parts.message().await.unwrap() else {
            return;
        };
        let cursor = follower.cursor.clone();
        follower.apply(part);
        assert_ne!(follower.cursor, cursor, "each response moves the cursor");
    }
}

async fn a_rechunk_adds_and_removes_levels(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = text();
    let with_levels = in_levels("d", &[2_000, 500, 120], 30);
    upload(&world, &with_levels, &text).await;
    let expected = unversioned(chunks(&world, of(&[0, 1, 2])).await);
    upload(&world, &spec("d"), &text).await;
    let plain = unversioned(chunks(&world, of(&[0])).await);
    for (chunking, wanted) in [
        (with_levels.chunking.unwrap(), expected),
        (pb::ChunkingSpec::default(), plain),
    ] {
        let request = pb::RechunkDocumentRequest {
            name: DOCUMENT.to_owned(),
            chunking: Some(chunking),
            ..Default::default()
        };
        let operation = rechunk(&world.channel, request).await.unwrap();
        let ended = ended(&world.channel, &operation.name).await;
        assert_eq!(ended.state, SUCCEEDED);
        assert!(unversioned(chunks(&world, of(&[0, 1, 2])).await) == wanted);
    }
}

fn unversioned(chunks: Vec<pb::Chunk>) -> Vec<pb::Chunk> {
    let unversioned = chunks.into_iter().map(|chunk| pb::Chunk {
        version: 0,
        ..chunk
    });
    unversioned.collect()
}
