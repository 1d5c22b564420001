//! Chunks of Markdown know their place: kind, section, headings and the introduction of a cut block, as stored,
//! streamed and previewed.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;

use crate::support::follower::{Follower, assert_same, contents};
use crate::support::world::{World, rows, spec, whole};

const DOCUMENT: &str = "collections/c/documents/d";

fn chunking(max_size: u32) -> pb::ChunkingSpec {
    pb::ChunkingSpec {
        strategy: Some(pb::Strategy::Markdown.into()),
        max_size: Some(max_size),
        ..Default::default()
    }
}

/// Returns a document with sections of prose, and a table that is larger than a chunk.
fn handbook(second: &str) -> String {
    let prose = "The gate opens slowly, and the water follows. ".repeat(8);
    let rows = "| a cell of the table | another cell |\n".repeat(20);
    format!(
        "# Gates\n\n{prose}\n\n## First\n\n{prose}\n\n## {second}\n\n{prose}\n\n## Tools\n\n\
         | tool | use |\n| --- | --- |\n{rows}"
    )
}

async fn send(world: &World, text: &str) {
    let spec = pb::UploadSpec {
        chunking: Some(chunking(500)),
        ..spec("d")
    };
    let sent = world.send(whole(&spec, text.as_bytes(), 100)).await;
    sent.unwrap();
}

fn titles(structure: &pb::ChunkStructure) -> String {
    let titles = structure
        .headings
        .iter()
        .map(|heading| heading.title.as_str());
    titles.collect::<Vec<_>>().join(" > ")
}

#[tokio::test]
async fn stored_chunks_have_the_headings_and_the_header_that_they_are_under() {
    let world = World::start().await;
    let text = handbook("Second");
    send(&world, &text).await;
    let stored = rows(&world.channel, DOCUMENT, None, false).await.unwrap();
    let structures: Vec<_> = stored
        .iter()
        .map(|chunk| chunk.structure.clone().unwrap())
        .collect();
    assert_eq!(titles(&structures[0]), "Gates");
    assert!(structures.iter().any(|one| titles(one) == "Gates > Second"));
    let parts = structures.iter().filter(|one| one.continues);
    let parts: Vec<_> = parts.collect();
    assert!(parts.len() > 1, "the table is cut");
    for (number, part) in parts.iter().enumerate() {
        assert_eq!(part.kind(), pb::ChunkKind::Table);
        assert_eq!(titles(part), "Gates > Tools");
        assert_eq!(part.section, 4);
        let header = if number == 0 { "" } else { "| tool | use |" };
        assert_eq!(part.introduction, header);
    }

    let request = pb::PreviewRequest {
        content: text.into(),
        chunking: Some(chunking(500)),
        ..Default::default()
    };
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let previewed = client.preview(request).await.unwrap().into_inner().chunks;
    let previewed = previewed.into_iter().map(|chunk| chunk.structure.unwrap());
    assert_eq!(previewed.collect::<Vec<_>>(), structures);
}

/// A follower that embeds chunks with their headings embeds exactly those whose text or headings changed.
#[tokio::test]
async fn a_renamed_heading_changes_the_keys_of_its_section_only() {
    let world = World::start().await;
    send(&world, &handbook("Second")).await;
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let before = contents(&world.channel).await;
    let added = follower.added;

    send(&world, &handbook("Renamed")).await;
    follower.catch_up(&world.channel).await.unwrap();
    let after = contents(&world.channel).await;
    assert_same(&follower.contents, &after);
    let new = after[DOCUMENT].keys();
    let new = new
        .filter(|key| !before[DOCUMENT].contains_key(*key))
        .count();
    assert_eq!(follower.added - added, new);
    assert!((1..=3).contains(&new), "{new} of {added} chunks are new");
    assert_eq!(follower.removed, new);
}

/// A chunk of white space is marked by every strategy, so that an embedder can skip it.
#[tokio::test]
async fn a_blank_chunk_is_marked() {
    let world = World::start().await;
    let text = format!("{}{}", " \n".repeat(5_000), "the end");
    let sent = world.send(whole(&spec("d"), text.as_bytes(), 1_000)).await;
    sent.unwrap();
    let stored = rows(&world.channel, DOCUMENT, None, false).await.unwrap();
    assert!(stored.len() > 2);
    for chunk in stored {
        let structure = chunk.structure.unwrap();
        assert_eq!(structure.is_blank, chunk.text.trim().is_empty());
        assert_eq!(chunk.key, chunk.sha256, "no context");
    }
}
