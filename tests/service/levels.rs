//! Documents with levels, compared with a plain computation over the chunks of the finest level.

use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::kills::random;
use crate::support::world::{
    Kept, World, first, in_each_store, last, metadata, name_of, prose, read, resumed, spec, whole,
};

pub(crate) const DOCUMENT: &str = "collections/c/documents/d";
/// A stream that has sent its last chunk ends sooner, on a busy machine too.
const WAIT: Duration = Duration::from_mins(1);
/// All choices of levels that differ for a document with three.
pub(crate) const CHOICES: [&[i32]; 8] = [
    &[],
    &[0],
    &[1],
    &[2],
    &[0, 1],
    &[0, 2],
    &[1, 2],
    &[0, 1, 2, 3],
];

in_each_store!(
    parents_are_the_chunks_of_a_document_cut_to_their_size,
    ranges_of_levels_have_the_chunks_with_a_part_in_them,
    a_stream_of_levels_resumes_after_each_chunk,
    a_follower_receives_parents_while_the_upload_runs,
    a_chunk_comes_with_its_parents_and_the_neighbors_of_its_level,
    wrong_levels_are_refused_by_their_fields,
);

pub(crate) fn in_levels(id: &str, sizes: &[u32], overlap: u32) -> pb::UploadSpec {
    let mut spec = spec(id);
    spec.chunking = Some(pb::ChunkingSpec {
        overlap: Some(overlap),
        levels: Some(pb::SizeLevels {
            sizes: sizes.to_vec(),
        }),
        ..Default::default()
    });
    spec
}

pub(crate) async fn upload(world: &World, spec: &pb::UploadSpec, text: &str) {
    let messages = whole(spec, text.as_bytes(), 100_000);
    world.send(messages).await.unwrap();
}

pub(crate) fn of(levels: &[i32]) -> pb::StreamChunksRequest {
    pb::StreamChunksRequest {
        document: DOCUMENT.to_owned(),
        levels: levels.to_vec(),
        ..Default::default()
    }
}

pub(crate) async fn chunks(world: &World, request: pb::StreamChunksRequest) -> Vec<pb::Chunk> {
    let reading = read(&world.channel, request);
    timeout(WAIT, reading)
        .await
        .expect("the stream ends")
        .unwrap()
}

fn bytes(chunk: &pb::Chunk) -> (i64, i64) {
    (chunk.start.unwrap().byte, chunk.end.unwrap().byte)
}

/// Text with white space, repeated paragraphs and paragraphs of every length.
pub(crate) fn text() -> String {
    let repeated = "The same paragraph again, with two sentences. Here is the second.\n\n";
    let prose = prose(20_000);
    let (begin, rest) = prose.split_at(prose.find(". ").unwrap() + 2);
    [
        begin,
        "\n\n",
        &repeated.repeat(60),
        rest,
        &"\n".repeat(500),
        "End",
    ]
    .concat()
}

async fn parents_are_the_chunks_of_a_document_cut_to_their_size(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = text();
    upload(&world, &in_levels("d", &[2_000, 500, 120], 30), &text).await;
    let finest = chunks(&world, of(&[])).await;
    assert!(
        finest
            .iter()
            .all(|chunk| chunk.level == 2 && chunk.parents.len() == 2)
    );
    assert!(finest == chunks(&world, of(&[2])).await);
    let all = chunks(&world, of(&[0, 1, 2])).await;
    let mut alone = spec("alone");
    alone.chunking = Some(pb::ChunkingSpec {
        max_size: Some(2_000),
        ..Default::default()
    });
    upload(&world, &alone, &text).await;
    let alone = world.rows("collections/c/documents/alone").await.unwrap();
    let level = |level| chunks_of(&all, level);
    assert_eq!(level(0).len(), alone.len());
    for (parent, alone) in level(0).iter().zip(&alone) {
        let number = parent.ordinal;
        assert_eq!(parent.name, format!("{DOCUMENT}/levels/0/chunks/{number}"));
        let same = |chunk: &pb::Chunk| pb::Chunk {
            name: String::new(),
            first_ordinal: 0,
            last_ordinal: 0,
            structure: None,
            ..chunk.clone()
        };
        assert_eq!(same(parent), same(alone));
        let kind = |chunk: &pb::Chunk| chunk.structure.clone().unwrap().kind;
        assert_eq!(kind(parent), kind(alone));
    }
    for (at, level) in [level(0), level(1)].iter().enumerate() {
        let mut next = (0, 0);
        for (parent, number) in level.iter().zip(0..) {
            assert_eq!(
                (parent.ordinal, parent.level),
                (number, i32::try_from(at).unwrap())
            );
            assert_eq!((parent.first_ordinal, bytes(parent).0), next);
            let children = children(&finest, parent);
            assert!(children.iter().all(|child| child.parents[at] == number));
            assert_eq!(joined(children), parent.text);
            assert_eq!(bytes(&children[children.len() - 1]).1, bytes(parent).1);
            assert_eq!(parent.parents, children[0].parents[..at]);
            next = (parent.last_ordinal + 1, bytes(parent).1);
        }
        assert_eq!(
            next,
            (
                finest.len().try_into().unwrap(),
                text.len().try_into().unwrap()
            )
        );
    }
    // Each parent follows its last chunk, fine to coarse.
    let order = all.iter().map(|chunk| (chunk.last_ordinal, -chunk.level));
    assert!(order.is_sorted());
    for choice in CHOICES {
        let wanted = wanted(&all, choice);
        assert!(chunks(&world, of(choice)).await == wanted, "{choice:?}");
    }
}

fn chunks_of(all: &[pb::Chunk], level: i32) -> Vec<pb::Chunk> {
    let of_level = all.iter().filter(|chunk| chunk.level == level);
    of_level.cloned().collect()
}

/// Returns the chunks of the chosen levels, from those of three levels.
fn wanted(all: &[pb::Chunk], levels: &[i32]) -> Vec<pb::Chunk> {
    let levels = if levels.is_empty() { &[2] } else { levels };
    let wanted = all.iter().filter(|chunk| levels.contains(&chunk.level));
    wanted.cloned().collect()
}

fn children<'a>(finest: &'a [pb::Chunk], parent: &pb::Chunk) -> &'a [pb::Chunk] {
    let [first, last] =
        [parent.first_ordinal, parent.last_ordinal].map(|at| usize::try_from(at).unwrap());
    &finest[first..=last]
}

/// Joins the texts of chunks, overlaps once.
fn joined(chunks: &[pb::Chunk]) -> String {
    let mut text = String::new();
    let mut end = bytes(&chunks[0]).0;
    for chunk in chunks {
        let overlap = usize::try_from(end - bytes(chunk).0).unwrap();
        text.push_str(&chunk.text[overlap..]);
        end = bytes(chunk).1;
    }
    text
}

async fn ranges_of_levels_have_the_chunks_with_a_part_in_them(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = text();
    upload(&world, &in_levels("d", &[2_000, 500, 120], 30), &text).await;
    let all = chunks(&world, of(&[0, 1, 2])).await;
    let count = chunks_of(&all, 2).len() as u64;
    let at = |seed, below| i64::try_from(random(seed, below)).unwrap();
    for seed in 0..60 {
        let choice = CHOICES[usize::try_from(random(seed, 8)).unwrap()];
        let after = at(10 * seed + 1, count);
        let last = after + 1 + at(10 * seed + 2, 20);
        let by_ordinals = pb::StreamChunksRequest {
            after_ordinal: (after > 0).then_some(after),
            last_ordinal: Some(last),
            ..of(choice)
        };
        let found = chunks(&world, by_ordinals).await;
        let after = if after > 0 { after } else { -1 };
        let is_in = |chunk: &pb::Chunk| chunk.last_ordinal > after && chunk.first_ordinal <= last;
        let expected = wanted(&all, choice);
        let expected = expected.into_iter().filter(is_in).collect::<Vec<_>>();
        assert!(found == expected, "{choice:?} {after} {last}");
        let start = at(10 * seed + 3, text.len() as u64);
        let end = start + 1 + at(10 * seed + 4, 3_000);
        let by_bytes = pb::StreamChunksRequest {
            start_byte: Some(start),
            end_byte: Some(end),
            ..of(choice)
        };
        let found = chunks(&world, by_bytes).await;
        let has = |chunk: &pb::Chunk| bytes(chunk).1 > start && bytes(chunk).0 < end;
        let expected = wanted(&all, choice);
        let expected = expected.into_iter().filter(has).collect::<Vec<_>>();
        assert!(found == expected, "{choice:?} bytes {start} {end}");
    }
}

/// A client that was cut off resumes after the last ordinal of the last chunk that it has, in any range.
async fn a_stream_of_levels_resumes_after_each_chunk(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(6_000);
    upload(&world, &in_levels("d", &[900, 300, 80], 20), &text).await;
    for (choice, last) in [(&[0, 1, 2][..], 40), (&[0, 1], 40), (&[0], 33), (&[2], 41)] {
        let range = pb::StreamChunksRequest {
            last_ordinal: Some(last),
            ..of(choice)
        };
        let all = chunks(&world, range.clone()).await;
        for cut in 1..all.len() {
            let after = all[cut - 1].last_ordinal;
            let resumed = pb::StreamChunksRequest {
                after_ordinal: Some(after),
                ..range.clone()
            };
            let rest = all.iter().filter(|chunk| chunk.last_ordinal > after);
            assert!(
                chunks(&world, resumed).await.iter().eq(rest),
                "{choice:?} {after}"
            );
        }
    }
}

async fn a_follower_receives_parents_while_the_upload_runs(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (in_levels("d", &[4_000, 1_000, 200], 0), prose(400_000));
    let begun = vec![first(&spec, &text.as_bytes()[..150_000])];
    let started = world.send(begun).await.unwrap();
    let follow = |levels: &[i32]| pb::StreamChunksRequest {
        follow: true,
        ..of(levels)
    };
    // The parents of the stored chunks come before the upload has ended.
    let early = pb::StreamChunksRequest {
        last_ordinal: Some(started.chunks / 2),
        ..follow(&[0, 1])
    };
    let early = chunks(&world, early).await;
    let from = pb::StreamChunksRequest {
        start_byte: Some(300_000),
        ..follow(&[1])
    };
    let rest = async {
        let mut from = started.committed_offset;
        for end in [200_000, 390_000, text.len()] {
            let content = &text.as_bytes()[usize::try_from(from).unwrap()..end];
            let mut message = resumed(&name_of(&spec), from, content);
            message.finish_write = end == text.len();
            from = world.send(vec![message]).await.unwrap().committed_offset;
        }
    };
    let (followed, later, ()) = tokio::join!(
        chunks(&world, follow(&[0, 1, 2])),
        chunks(&world, from),
        rest
    );
    let all = chunks(&world, of(&[0, 1, 2])).await;
    assert!(followed == all);
    let later_ones = all
        .iter()
        .filter(|chunk| chunk.level == 1 && bytes(chunk).1 > 300_000);
    assert!(later.iter().eq(later_ones));
    let first_ones = |chunk: &pb::Chunk| chunk.first_ordinal <= started.chunks / 2;
    let first_ones = wanted(&all, &[0, 1]).into_iter().filter(first_ones);
    assert!(!early.is_empty() && early == first_ones.collect::<Vec<_>>());
}

async fn get(world: &World, request: pb::GetChunkRequest) -> Result<pb::GetChunkResponse, Status> {
    let mut client = ChunkServiceClient::new(world.channel.clone());
    Ok(client.get_chunk(request).await?.into_inner())
}

async fn a_chunk_comes_with_its_parents_and_the_neighbors_of_its_level(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    upload(&world, &in_levels("d", &[2_000, 500, 120], 30), &text()).await;
    let all = chunks(&world, of(&[0, 1, 2])).await;
    for level in 0..3 {
        let of_level = chunks_of(&all, level);
        for at in [0, 1, of_level.len() / 2, of_level.len() - 1] {
            for neighbors in [0_usize, 3, 16] {
                let chunk = &of_level[at];
                let request = pb::GetChunkRequest {
                    name: chunk.name.clone(),
                    neighbors: i32::try_from(neighbors).unwrap(),
                    with_parents: true,
                };
                let found = get(&world, request).await.unwrap();
                let past = of_level.len().min(at + 1 + neighbors);
                let parents = all.iter().filter(|parent| {
                    parent.level < level
                        && parent.first_ordinal <= chunk.first_ordinal
                        && parent.last_ordinal >= chunk.last_ordinal
                });
                let mut parents = parents.cloned().collect::<Vec<_>>();
                parents.sort_by_key(|parent| parent.level);
                assert_eq!(parents.len(), usize::try_from(level).unwrap());
                let expected = pb::GetChunkResponse {
                    chunk: Some(chunk.clone()),
                    before: of_level[at.saturating_sub(neighbors)..at].to_vec(),
                    after: of_level[at + 1..past].to_vec(),
                    parents,
                };
                assert!(found == expected, "{} with {neighbors}", chunk.name);
            }
        }
    }
    let count = chunks_of(&all, 1).len();
    for missing in [
        format!("{DOCUMENT}/levels/1/chunks/{count}"),
        format!("{DOCUMENT}/levels/2/chunks/0"),
        format!("{DOCUMENT}/levels/9/chunks/0"),
    ] {
        let request = pb::GetChunkRequest {
            name: missing.clone(),
            ..Default::default()
        };
        assert_eq!(
            get(&world, request).await.unwrap_err().code(),
            Code::NotFound,
            "{missing}"
        );
    }
}

async fn wrong_levels_are_refused_by_their_fields(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    for sizes in [&[500][..], &[500, 300], &[5, 4, 3, 2, 1]] {
        let spec = in_levels("d", sizes, 0);
        let refused = world
            .send(vec![last(first(&spec, b"A text."))])
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{sizes:?}");
        assert_eq!(metadata(&refused, "field"), "chunking.levels");
    }
    let mut contradicts = in_levels("d", &[500, 100], 0);
    contradicts.chunking.as_mut().unwrap().max_size = Some(200);
    let refused = world
        .send(vec![last(first(&contradicts, b"A text."))])
        .await;
    assert_eq!(metadata(&refused.unwrap_err(), "field"), "chunking.levels");
    upload(&world, &in_levels("d", &[500, 100], 0), "A text.").await;
    for levels in [&[-1][..], &[4], &[2], &[2, 3]] {
        let refused = read(&world.channel, of(levels)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{levels:?}");
        assert_eq!(metadata(&refused, "field"), "levels");
    }
    // Levels that the document does not have are ignored beside one that it has.
    assert_eq!(chunks(&world, of(&[1, 3])).await.len(), 1);
}
