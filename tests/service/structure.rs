//! Chunks of Markdown know their place: kind, section, headings and the introduction of a cut block, as stored,
//! streamed and previewed.

use std::collections::BTreeSet;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;

use crate::support::follower::{Contents, Follower, assert_same, contents};
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

/// Returns a document whose last section has several chunks.
fn with_long_section(title: &str) -> String {
    let sentences =
        (1..=30).map(|number| format!("Gate {number} opens slowly, and the water follows. "));
    let sentences: String = sentences.collect();
    format!("{}\n\n## {title}\n\n{sentences}", handbook("Second"))
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

/// A follower that embeds chunks with their headings embeds exactly those whose text or headings changed. Their texts
/// are known, so a follower that embeds texts alone embeds only the renamed heading's own chunk.
#[tokio::test]
async fn a_renamed_heading_changes_the_keys_of_its_section_only() {
    let world = World::start().await;
    send(&world, &with_long_section("Last")).await;
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let before = contents(&world.channel).await;
    let added = follower.added;

    send(&world, &with_long_section("Renamed")).await;
    follower.catch_up(&world.channel).await.unwrap();
    let after = contents(&world.channel).await;
    assert_same(&follower.contents, &after);
    let new = after[DOCUMENT].keys();
    let new = new
        .filter(|key| !before[DOCUMENT].contains_key(*key))
        .count();
    assert_eq!(follower.added - added, new);
    assert!((2..=6).contains(&new), "{new} of {added} chunks are new");
    assert_eq!(follower.removed, new);
    let keys = |contents: &Contents| {
        let keys = contents[DOCUMENT].keys();
        keys.cloned().collect::<BTreeSet<_>>()
    };
    let texts = |contents: &Contents| {
        let all = contents[DOCUMENT].values();
        all.map(|content| content.text.clone())
            .collect::<BTreeSet<_>>()
    };
    let known = texts(&before);
    let old = keys(&before);
    let new_keys = after[DOCUMENT]
        .iter()
        .filter(|(key, _)| !old.contains(*key));
    let kept = new_keys.filter(|(_, content)| known.contains(&content.text));
    assert_eq!(follower.text_kept, kept.count());
    assert!(follower.text_kept > 0 && follower.text_kept < new);
}

/// Equal chunks count as often as they are in a version.
#[tokio::test]
async fn changes_are_the_difference_of_multisets() {
    let world = World::start().await;
    let paragraph = "The same words stand here again and again in this paragraph. ".repeat(5);
    let document = |times: usize, before: &str| {
        let same = format!("# Same\n\n{paragraph}\n\n").repeat(times);
        format!("{before}{same}")
    };
    let mut follower = Follower::default();
    let mut counts = Vec::new();
    for (times, before) in [
        (2, ""),
        (5, ""),
        (5, "# First\n\nA section before.\n\n"),
        (1, ""),
    ] {
        send(&world, &document(times, before)).await;
        let last = follower.clone();
        follower.catch_up(&world.channel).await.unwrap();
        assert_same(&follower.contents, &contents(&world.channel).await);
        let change = [
            follower.added - last.added,
            follower.kept - last.kept,
            follower.moved - last.moved,
            follower.removed - last.removed,
        ];
        counts.push(change);
    }
    assert_eq!(
        counts,
        [[2, 0, 0, 0], [3, 2, 0, 0], [1, 4, 4, 1], [0, 1, 1, 4]]
    );
}

async fn sections(world: &World, after: Option<i64>) -> Vec<pb::Section> {
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let request = pb::StreamSectionsRequest {
        document: DOCUMENT.to_owned(),
        after_section: after,
    };
    let mut pages = client.stream_sections(request).await.unwrap().into_inner();
    let mut sections = Vec::new();
    while let Some(page) = pages.message().await.unwrap() {
        sections.extend(page.sections);
    }
    sections
}

#[tokio::test]
async fn the_outline_has_every_section_with_its_span_and_chunks() {
    let world = World::start().await;
    let text = format!("before\n\n{}\n\n# Last\n", handbook("Second"));
    send(&world, &text).await;
    let all = sections(&world, None).await;
    let path = |section: &pb::Section| {
        let titles = section.headings.iter().map(|heading| &*heading.title);
        titles.collect::<Vec<_>>().join(" > ")
    };
    let paths: Vec<_> = all.iter().map(path).collect();
    let expected = [
        "",
        "Gates",
        "Gates > First",
        "Gates > Second",
        "Gates > Tools",
        "Last",
    ];
    assert_eq!(paths, expected);
    let stored = rows(&world.channel, DOCUMENT, None, false).await.unwrap();
    let mut end = 0;
    for (number, section) in all.iter().enumerate() {
        let span = [section.start.unwrap(), section.end.unwrap()];
        let [from, to] = span.map(|place| usize::try_from(place.byte).unwrap());
        assert_eq!(
            (section.section, from),
            (i64::try_from(number).unwrap(), end)
        );
        end = to;
        let heading = section.headings.last().map(|heading| &*heading.title);
        assert!(
            text[from..]
                .trim_start_matches(['#', ' '])
                .starts_with(heading.unwrap_or("before"))
        );
        for place in span {
            let before = &text[..usize::try_from(place.byte).unwrap()];
            let counts = [
                before.chars().count(),
                before.matches('\n').count(),
                before.len(),
            ];
            assert_eq!(
                [place.character, place.line, place.source].map(|n| usize::try_from(n).unwrap()),
                counts
            );
        }
        let has = |ordinal: i64, byte: i64| {
            let chunk = &stored[usize::try_from(ordinal).unwrap()];
            (chunk.start.unwrap().byte..chunk.end.unwrap().byte).contains(&byte)
        };
        assert!(has(section.first_ordinal, span[0].byte));
        assert!(has(section.last_ordinal, span[1].byte - 1));
    }
    assert_eq!(end, text.len());
    assert_eq!(sections(&world, Some(2)).await, all[3..]);
}

/// A document of nothing but headings lists some of them in each chunk, and says how many it leaves out.
#[tokio::test]
async fn an_outline_counts_the_sections_that_it_leaves_out() {
    let world = World::start().await;
    let headings = 1_000;
    send(&world, &"# a\n".repeat(headings)).await;
    let all = sections(&world, None).await;
    let omitted: i64 = all.iter().map(|section| section.omitted_sections).sum();
    assert!(omitted > 0);
    assert_eq!(all.len() + usize::try_from(omitted).unwrap(), headings);
    let mut next = 1;
    for section in all {
        assert_eq!(section.section, next);
        next = section.section + section.omitted_sections + 1;
    }
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
