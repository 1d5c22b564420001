//! Ranges of chunks and the neighbors of a chunk, compared with a plain computation over all chunks of the document.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::kills::random;
use crate::support::world::{
    Kept, World, expected, first, in_each_store, last, metadata, name_of, plain, prose, resumed,
    spec, whole,
};

const DOCUMENT: &str = "collections/c/documents/d";
/// A stream that has sent its last chunk ends sooner, on a busy machine too.
const WAIT: Duration = Duration::from_mins(1);
/// As the service documents it.
const RESPONSE_BYTES_MAX: usize = 3 * 1024 * 1024;

in_each_store!(
    a_byte_range_has_exactly_the_chunks_with_a_byte_of_it,
    an_ordinal_range_ends_with_its_last_chunk,
    of_two_ends_the_first_counts,
    a_follower_ends_after_its_last_chunk_while_the_upload_runs,
    a_follower_waits_for_the_chunk_to_start_with,
    neighbors_are_the_chunks_right_before_and_after,
    neighbors_that_do_not_fit_a_message_are_left_out,
    wrong_ranges_are_refused_by_their_fields,
);

fn all() -> pb::StreamChunksRequest {
    pb::StreamChunksRequest {
        document: DOCUMENT.to_owned(),
        ..Default::default()
    }
}

fn bytes(start: i64, end: i64) -> pb::StreamChunksRequest {
    pb::StreamChunksRequest {
        start_byte: Some(start),
        end_byte: Some(end),
        ..all()
    }
}

async fn read(world: &World, request: pb::StreamChunksRequest) -> Result<Vec<pb::Chunk>, Status> {
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let reading = async {
        let mut pages = client.stream_chunks(request).await?.into_inner();
        let mut chunks = Vec::new();
        while let Some(page) = pages.message().await? {
            assert!(!page.chunks.is_empty());
            chunks.extend(page.chunks);
        }
        Ok(chunks)
    };
    timeout(WAIT, reading).await.expect("the stream ends")
}

async fn get(world: &World, ordinal: i64, neighbors: i32) -> Result<pb::GetChunkResponse, Status> {
    let name = format!("{DOCUMENT}/chunks/{ordinal}");
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let found = client.get_chunk(pb::GetChunkRequest {
        name,
        neighbors,
        with_parents: false,
    });
    Ok(found.await?.into_inner())
}

/// Uploads a document with the overlap, and returns its chunks.
async fn stored(world: &World, text: &str, overlap: u32) -> Vec<pb::Chunk> {
    let mut spec = spec("d");
    spec.chunking = Some(pb::ChunkingSpec {
        max_size: Some(300),
        overlap: Some(overlap),
        ..Default::default()
    });
    let messages = whole(&spec, text.as_bytes(), 100_000);
    world.send(messages).await.unwrap();
    let chunks = read(world, all()).await.unwrap();
    assert!(chunks.len() > 128, "more than two pages");
    chunks
}

fn start(chunk: &pb::Chunk) -> i64 {
    chunk.start.unwrap().byte
}

fn end(chunk: &pb::Chunk) -> i64 {
    chunk.end.unwrap().byte
}

/// Returns the chunks that have a byte from `from` to before `to`.
fn with_a_byte(chunks: &[pb::Chunk], from: i64, to: i64) -> Vec<pb::Chunk> {
    let has = |chunk: &&pb::Chunk| start(chunk).max(from) < end(chunk).min(to);
    chunks.iter().filter(has).cloned().collect()
}

/// Returns the bytes at the bounds of chunks, one before, and one after.
fn bounds(chunks: &[pb::Chunk]) -> Vec<i64> {
    let last = chunks.len() - 1;
    let shown = [0, 1, 63, 64, last - 1, last].map(|at| &chunks[at]);
    let bounds = shown.iter().flat_map(|chunk| [start(chunk), end(chunk)]);
    let around = bounds.flat_map(|byte| [byte - 1, byte, byte + 1]);
    around.filter(|byte| *byte >= 0).collect()
}

async fn a_byte_range_has_exactly_the_chunks_with_a_byte_of_it(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(60_000);
    let length = i64::try_from(text.len()).unwrap();
    for overlap in [0, 80] {
        let chunks = stored(&world, &text, overlap).await;
        let overlaps = chunks.windows(2).any(|two| start(&two[1]) < end(&two[0]));
        assert_eq!(overlaps, overlap > 0);
        let mut ranges = vec![(0, 1), (0, length), (length - 1, length + 1)];
        ranges.extend([(length, i64::MAX), (i64::MAX - 1, i64::MAX), (0, i64::MAX)]);
        ranges.extend([(700, 700), (701, 700), (i64::MAX, 1)]);
        for byte in bounds(&chunks) {
            ranges.extend([(byte, byte + 1), (byte, byte + 500), (0, byte + 1)]);
        }
        for seed in 0..40 {
            let at = |seed| i64::try_from(random(seed, text.len() as u64)).unwrap();
            let from = at(2 * seed);
            ranges.extend([(from, from + 1 + at(2 * seed + 1) / 20), (from, length)]);
        }
        for (from, to) in ranges {
            let found = read(&world, bytes(from, to)).await.unwrap();
            assert!(
                found == with_a_byte(&chunks, from, to),
                "[{from}, {to}) with an overlap of {overlap}"
            );
        }
        let until_end = pb::StreamChunksRequest {
            end_byte: None,
            ..bytes(length / 2, 1)
        };
        let found = read(&world, until_end).await.unwrap();
        assert!(found == with_a_byte(&chunks, length / 2, length));
    }
}

async fn an_ordinal_range_ends_with_its_last_chunk(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let chunks = stored(&world, &prose(60_000), 0).await;
    let count = i64::try_from(chunks.len()).unwrap();
    let mut ranges = vec![(-1, 0), (-1, 63), (-1, 64), (0, 1), (0, 64), (62, 127)];
    ranges.extend([(-1, count - 1), (count - 2, count - 1), (-1, count)]);
    ranges.extend([(count - 1, i64::MAX), (i64::MAX - 1, i64::MAX)]);
    for seed in 0..40 {
        let at = |seed| i64::try_from(random(seed, chunks.len() as u64)).unwrap();
        let after = at(2 * seed);
        ranges.push((after, after + 1 + at(2 * seed + 1)));
    }
    for (after, last) in ranges {
        let request = pb::StreamChunksRequest {
            after_ordinal: (after >= 0).then_some(after),
            last_ordinal: Some(last),
            ..all()
        };
        let found = read(&world, request).await.unwrap();
        let wanted = chunks
            .iter()
            .filter(|chunk| chunk.ordinal > after && chunk.ordinal <= last);
        assert!(found.iter().eq(wanted), "after {after} to {last}");
    }
}

async fn of_two_ends_the_first_counts(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let chunks = stored(&world, &prose(60_000), 80).await;
    for (last, before) in [(3, 90), (90, 3), (70, 70), (3, 4), (4, 3), (99, 140)] {
        let request = pb::StreamChunksRequest {
            after_ordinal: Some(1),
            last_ordinal: Some(last),
            end_byte: Some(start(&chunks[before])),
            ..all()
        };
        let found = read(&world, request).await.unwrap();
        let past = before.min(usize::try_from(last).unwrap() + 1);
        assert!(found == chunks[2..past], "{last}, before {before}");
    }
    // The start may be after the last ordinal.
    for (from, last) in [(70, 90), (70, 70), (70, 69), (70, 0), (0, 0)] {
        let request = pb::StreamChunksRequest {
            start_byte: Some(end(&chunks[from]) - 1),
            last_ordinal: Some(last),
            ..all()
        };
        let found = read(&world, request).await.unwrap();
        let past = usize::try_from(last).unwrap() + 1;
        assert!(found == chunks[from..past.max(from)], "{from} to {last}");
    }
}

async fn a_follower_ends_after_its_last_chunk_while_the_upload_runs(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (spec("d"), prose(200_000));
    let begun = vec![first(&spec, &text.as_bytes()[..150_000])];
    let upload = world.send(begun).await.unwrap();
    assert!(upload.chunks > 20, "{upload:?}");
    let follow = pb::StreamChunksRequest {
        follow: true,
        ..all()
    };
    let by_ordinal = pb::StreamChunksRequest {
        after_ordinal: Some(4),
        last_ordinal: Some(upload.chunks - 1),
        ..follow.clone()
    };
    let found = read(&world, by_ordinal).await.unwrap();
    let all = expected(&text);
    let stored = usize::try_from(upload.chunks).unwrap();
    assert_eq!(plain(&found), all[5..stored]);
    // The stored chunks have the start of a chunk after this byte.
    let by_byte = pb::StreamChunksRequest {
        start_byte: Some(all[9].1),
        end_byte: Some(all[stored - 1].1),
        ..follow
    };
    let found = read(&world, by_byte).await.unwrap();
    assert_eq!(plain(&found), all[9..stored - 1]);
    let still = world.get_upload(&name_of(&spec)).await.unwrap();
    assert_eq!(still.state(), pb::upload::State::Running);
}

async fn a_follower_waits_for_the_chunk_to_start_with(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (spec("d"), prose(400_000));
    let begun = vec![first(&spec, &text.as_bytes()[..100_000])];
    let upload = world.send(begun).await.unwrap();
    let follow = pb::StreamChunksRequest {
        start_byte: Some(300_000),
        follow: true,
        ..all()
    };
    let none = pb::StreamChunksRequest {
        start_byte: Some(i64::MAX),
        ..follow.clone()
    };
    let name = name_of(&spec);
    let rest = async {
        let mut from = upload.committed_offset;
        for end in [200_000, 390_000, text.len()] {
            let content = &text.as_bytes()[usize::try_from(from).unwrap()..end];
            let mut message = resumed(&name, from, content);
            message.finish_write = end == text.len();
            from = world.send(vec![message]).await.unwrap().committed_offset;
        }
    };
    let read = tokio::join!(read(&world, follow), read(&world, none), rest);
    let wanted = expected(&text)
        .into_iter()
        .filter(|chunk| chunk.2 > 300_000);
    assert_eq!(plain(&read.0.unwrap()), wanted.collect::<Vec<_>>());
    assert_eq!(read.1.unwrap(), []);
}

async fn neighbors_are_the_chunks_right_before_and_after(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let chunks = stored(&world, &prose(60_000), 80).await;
    let last = chunks.len() - 1;
    for at in [0, 1, 15, 16, 17, last / 2, last - 16, last - 1, last] {
        for neighbors in [0, 1, 5, 16] {
            let found = get(&world, i64::try_from(at).unwrap(), neighbors).await;
            let found = found.unwrap();
            let neighbors = usize::try_from(neighbors).unwrap();
            let past = (at + neighbors + 1).min(chunks.len());
            let wanted = pb::GetChunkResponse {
                chunk: Some(chunks[at].clone()),
                before: chunks[at.saturating_sub(neighbors)..at].to_vec(),
                after: chunks[at + 1..past].to_vec(),
                parents: vec![],
            };
            assert!(found == wanted, "{neighbors} around {at}");
        }
    }
    for beyond in [chunks.len(), chunks.len() + 8] {
        let refused = get(&world, i64::try_from(beyond).unwrap(), 16).await;
        assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    }
    let one = whole(&spec("d"), b"A single chunk.", 100);
    world.send(one).await.unwrap();
    let found = get(&world, 0, 16).await.unwrap();
    assert_eq!((found.before.len(), found.after.len()), (0, 0));
}

/// Chunks of 300 to 512 KiB: a page of the store ends with the third one. Then smaller ones, each with all labels that a
/// document can have.
async fn neighbors_that_do_not_fit_a_message_are_left_out(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let labels = (0..32).map(|number| (format!("{number:0>63}"), "v".repeat(1_024)));
    let labels = labels.collect::<BTreeMap<_, _>>();
    for (max, bytes, labels) in [
        (524_288, 12_000_000, BTreeMap::new()),
        (95_000, 4_000_000, labels),
    ] {
        let mut spec = spec("d");
        spec.chunking = Some(pb::ChunkingSpec {
            measure: Some(pb::Measure::Bytes.into()),
            max_size: Some(max),
            max_bytes: Some(max),
            ..Default::default()
        });
        spec.labels = Some(pb::Labels { values: labels });
        let messages = whole(&spec, prose(bytes).as_bytes(), 200_000);
        world.send(messages).await.unwrap();
        let chunks = read(&world, all()).await.unwrap();
        let last = chunks.len() - 1;
        for at in [0, 3, last / 2, last] {
            let found = get(&world, i64::try_from(at).unwrap(), 16).await;
            check_neighbors(&chunks, at, &found.unwrap());
        }
    }
}

/// Checks that the response has the chunk, as many neighbors as fit, and no more.
fn check_neighbors(chunks: &[pb::Chunk], at: usize, found: &pb::GetChunkResponse) {
    assert!(found.encoded_len() <= 4 * 1024 * 1024);
    assert_eq!(found.chunk.as_ref(), Some(&chunks[at]));
    let from = at - found.before.len();
    let past = at + 1 + found.after.len();
    assert!(found.before == chunks[from..at] && found.after == chunks[at + 1..past]);
    let size = |chunk: &pb::Chunk| {
        let labels = chunk.labels.iter();
        let labels = labels.map(|(key, value)| key.len() + value.len());
        chunk.text.len() + labels.sum::<usize>()
    };
    let sent: usize = chunks[from..past].iter().map(size).sum();
    assert!(sent <= RESPONSE_BYTES_MAX, "{sent} bytes around {at}");
    // The next one by distance, or the one of the other side, would exceed a limit.
    let next = [from.checked_sub(1), (past < chunks.len()).then_some(past)];
    let next = next.into_iter().flatten();
    let distance = next.map(|next| at.abs_diff(next)).min().unwrap();
    let left_out = (0..chunks.len()).filter(|one| at.abs_diff(*one) == distance);
    let nearest: usize = left_out
        .filter(|one| !(from..past).contains(one))
        .map(|one| size(&chunks[one]))
        .sum();
    let is_full = sent + nearest > RESPONSE_BYTES_MAX;
    assert!(is_full || distance > 16, "{sent} around {at}");
    assert!(found.before.len() + found.after.len() >= 4, "around {at}");
}

async fn wrong_ranges_are_refused_by_their_fields(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    world
        .send(vec![last(first(&spec("d"), b"A text."))])
        .await
        .unwrap();
    let ordinals = |after: Option<i64>, last| pb::StreamChunksRequest {
        after_ordinal: after,
        last_ordinal: Some(last),
        ..all()
    };
    let wrong = [
        (ordinals(None, -1), "last_ordinal"),
        (ordinals(Some(5), 5), "last_ordinal"),
        (ordinals(Some(5), 0), "last_ordinal"),
        (ordinals(Some(i64::MAX), i64::MAX), "last_ordinal"),
        (ordinals(Some(-1), 5), "after_ordinal"),
        (bytes(0, 0), "end_byte"),
        (bytes(0, -1), "end_byte"),
        (bytes(-1, 5), "start_byte"),
        (
            pb::StreamChunksRequest {
                after_ordinal: Some(0),
                ..bytes(0, 5)
            },
            "start_byte",
        ),
    ];
    for (request, field) in wrong {
        let refused = read(&world, request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
        assert_eq!(metadata(&refused, "field"), field, "{request:?}");
    }
    for neighbors in [-1, 17, i32::MIN, i32::MAX] {
        let refused = get(&world, 0, neighbors).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{neighbors}");
        assert_eq!(metadata(&refused, "field"), "neighbors");
    }
}
