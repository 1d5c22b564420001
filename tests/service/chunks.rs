//! Reading chunks: resumed at any ordinal, and followed while an upload runs.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use tonic::Code;

use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;

use crate::support::server::Server;
use crate::support::world::{
    Folder, World, create_collection, expected, first, last, metadata, more, name_of, plain, prose,
    reason, resumed, rows, spec, whole,
};

#[tokio::test]
async fn reading_resumed_after_any_ordinal_completes_the_document() {
    let world = World::start().await;
    let text = prose(120_000);
    let upload = world
        .send(whole(&spec("d"), text.as_bytes(), 50_000))
        .await
        .unwrap();
    let all = world.rows(&upload.document).await.unwrap();
    assert_eq!(plain(&all), expected(&text));
    for after in [
        0,
        1,
        31,
        32,
        i64::try_from(all.len()).unwrap() - 1,
        i64::MAX,
    ] {
        let rest = rows(&world.channel, &upload.document, Some(after), false)
            .await
            .unwrap();
        let kept = all.iter().filter(|chunk| chunk.ordinal <= after).cloned();
        assert_eq!(kept.chain(rest).collect::<Vec<_>>(), all, "after {after}");
    }
    let refused = rows(&world.channel, &upload.document, Some(-1), false)
        .await
        .unwrap_err();
    assert_eq!(metadata(&refused, "field"), "after_ordinal");
}

#[tokio::test]
async fn a_follower_receives_exactly_the_chunks_of_a_running_upload() {
    let world = World::start().await;
    let (spec, text) = (spec("d"), prose(500_000));
    world
        .send(vec![first(&spec, &text.as_bytes()[..100_000])])
        .await
        .unwrap();
    let (channel, document) = (world.channel.clone(), "collections/c/documents/d");
    let follower = tokio::spawn(async move { rows(&channel, document, None, true).await });
    let committed = world
        .get_upload(&name_of(&spec))
        .await
        .unwrap()
        .committed_offset;
    let from = usize::try_from(committed).unwrap();
    let half = 300_000;
    let messages = vec![
        resumed(&name_of(&spec), committed, &text.as_bytes()[from..half]),
        last(more(i64::try_from(half).unwrap(), &text.as_bytes()[half..])),
    ];
    world.send(messages).await.unwrap();
    assert_eq!(plain(&follower.await.unwrap().unwrap()), expected(&text));
}

#[tokio::test]
async fn a_follower_is_notified_when_the_upload_fails() {
    let world = World::start().await;
    let spec = spec("d");
    world
        .send(vec![first(&spec, prose(50_000).as_bytes())])
        .await
        .unwrap();
    let (channel, document) = (world.channel.clone(), "collections/c/documents/d");
    let follower = tokio::spawn(async move { rows(&channel, document, None, true).await });
    world
        .uploads()
        .cancel_upload(pb::CancelUploadRequest {
            name: name_of(&spec),
        })
        .await
        .unwrap();
    let told = follower.await.unwrap().unwrap_err();
    // The follower may have started after the cancellation: the document does not exist then.
    let reasons = [
        (Code::Aborted, "FOLLOWED_UPLOAD_ENDED"),
        (Code::NotFound, "NOT_FOUND"),
    ];
    assert!(
        reasons.contains(&(told.code(), reason(&told).as_str())),
        "{told:?}"
    );
}

#[tokio::test]
async fn readers_see_only_complete_versions() {
    let world = World::start().await;
    let (old, new) = (prose(60_000), prose(90_000));
    world
        .send(whole(&spec("d"), old.as_bytes(), 50_000))
        .await
        .unwrap();
    let spec = spec("d");
    let mut messages = whole(&spec, new.as_bytes(), 50_000);
    let end = messages.pop().unwrap();
    let open = world.send(messages).await.unwrap();
    assert!(open.chunks > 0);
    assert_eq!(
        plain(&world.rows(&open.document).await.unwrap()),
        expected(&old)
    );
    let rest = resumed(
        &open.name,
        open.committed_offset,
        &new.as_bytes()[usize::try_from(open.committed_offset).unwrap()..],
    );
    assert!(end.finish_write);
    let done = world.send(vec![last(rest)]).await.unwrap();
    assert_eq!(done.version, 2);
    assert_eq!(
        plain(&world.rows(&open.document).await.unwrap()),
        expected(&new)
    );
}

#[tokio::test]
async fn one_chunk_is_found_by_its_name() {
    let world = World::start().await;
    let text = prose(20_000);
    world
        .send(whole(&spec("d"), text.as_bytes(), 50_000))
        .await
        .unwrap();
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let mut get = async |name: &str| {
        client
            .get_chunk(pb::GetChunkRequest {
                name: name.to_owned(),
                ..Default::default()
            })
            .await
    };
    let found = get("collections/c/documents/d/chunks/3")
        .await
        .unwrap()
        .into_inner()
        .chunk
        .unwrap();
    assert_eq!(found.text, expected(&text)[3].3);
    assert_eq!(
        get("collections/c/documents/d/chunks/999")
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    assert_eq!(
        get("collections/c/documents/e/chunks/3")
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    assert_eq!(
        get("collections/c/documents/d/chunks/x")
            .await
            .unwrap_err()
            .code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_preview_gives_the_chunks_that_an_upload_gives() {
    let world = World::start().await;
    let text = prose(50_000);
    let upload = world
        .send(whole(&spec("d"), text.as_bytes(), 50_000))
        .await
        .unwrap();
    let stored = world.rows(&upload.document).await.unwrap();
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let request = pb::PreviewRequest {
        content: text.into_bytes().into(),
        ..Default::default()
    };
    let previewed = client.preview(request).await.unwrap().into_inner().chunks;
    let shown = |chunk: &pb::PreviewChunk| {
        (
            chunk.ordinal,
            chunk.start,
            chunk.end,
            chunk.sha256.clone(),
            chunk.text.clone(),
        )
    };
    let kept = |chunk: &pb::Chunk| {
        (
            chunk.ordinal,
            chunk.start,
            chunk.end,
            chunk.sha256.clone(),
            chunk.text.clone(),
        )
    };
    assert_eq!(
        previewed.iter().map(shown).collect::<Vec<_>>(),
        stored.iter().map(kept).collect::<Vec<_>>()
    );
    let large = pb::PreviewRequest {
        content: vec![b'a'; 1_048_577].into(),
        ..Default::default()
    };
    assert_eq!(
        reason(&client.preview(large).await.unwrap_err()),
        "MESSAGE_TOO_LARGE"
    );
    let many = pb::PreviewRequest {
        content: vec![b'a'; 1_048_576].into(),
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(2),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(
        reason(&client.preview(many).await.unwrap_err()),
        "RESPONSE_TOO_LARGE"
    );
}

/// Each listed strategy runs with its own defaults and can be compared with the others.
#[tokio::test]
async fn every_listed_strategy_runs_and_can_be_compared() {
    let world = World::start().await;
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let listed = client.list_strategies(pb::ListStrategiesRequest {}).await;
    let listed = listed.unwrap().into_inner().strategies;
    let names = listed.iter().map(|strategy| strategy.name.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "fixed",
            "recursive",
            "sentence",
            "markdown",
            "hierarchical",
            "token"
        ]
    );
    let content = bytes::Bytes::from(prose(100_000));
    let compare = pb::CompareStrategiesRequest {
        content: content.clone(),
        ..Default::default()
    };
    let compared = client.compare_strategies(compare).await.unwrap();
    let compared = compared.into_inner().comparisons;
    assert_eq!(compared.len(), listed.len());
    for (strategy, comparison) in listed.into_iter().zip(&compared) {
        assert_eq!(strategy.defaults, comparison.chunking);
        assert!(strategy.memory_bytes_max > 0);
        let request = pb::PreviewRequest {
            content: content.clone(),
            chunking: strategy.defaults,
            ..Default::default()
        };
        let previewed = client.preview(request).await.unwrap().into_inner().chunks;
        assert_eq!(comparison.chunks, i64::try_from(previewed.len()).unwrap());
        let sizes = previewed.iter().map(|chunk| {
            let (start, end) = (chunk.start.unwrap(), chunk.end.unwrap());
            end.character - start.character
        });
        assert_eq!(sizes.max(), Some(comparison.characters_max));
        assert!(comparison.clean_ends <= comparison.chunks);
        let ended = previewed.iter().flat_map(|chunk| &chunk.ended_parents);
        let ended = ended.map(|parent| parent.level).collect::<Vec<_>>();
        let levels = if strategy.name == "hierarchical" {
            2
        } else {
            0
        };
        assert_eq!(comparison.parents.len(), levels);
        for (level, parents) in comparison.parents.iter().enumerate() {
            let of_level = ended
                .iter()
                .filter(|ended| usize::try_from(**ended) == Ok(level));
            assert_eq!(parents.chunks, i64::try_from(of_level.count()).unwrap());
        }
    }
    let recommend = pb::RecommendStrategyRequest {
        content,
        ..Default::default()
    };
    let recommended = client.recommend_strategy(recommend).await.unwrap();
    let recommended = recommended.into_inner();
    assert_eq!(recommended.chunking, compared[1].chunking, "recursive");
    assert!(recommended.reason.contains("recursive") && recommended.comparisons.len() == 4);
    let many = pb::CompareStrategiesRequest {
        chunkings: vec![pb::ChunkingSpec::default(); 9],
        ..Default::default()
    };
    let refused = client.compare_strategies(many).await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "chunkings");
}

/// While a reader takes one page a second, the server holds at most a few pages in memory.
#[tokio::test]
async fn a_slow_reader_does_not_grow_the_servers_memory() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("slow.db"));
    let channel = server.channel();
    create_collection(&channel).await;
    let (spec, text) = (spec("d"), prose(30_000_000));
    let messages = tokio_stream::iter(whole(&spec, text.as_bytes(), 200_000));
    UploadServiceClient::new(channel.clone())
        .upload_document(messages)
        .await
        .unwrap();
    let before = server.peak_kib();
    let request = pb::StreamChunksRequest {
        document: "collections/c/documents/d".to_owned(),
        ..Default::default()
    };
    let mut pages = ChunkServiceClient::new(channel)
        .stream_chunks(request)
        .await
        .unwrap()
        .into_inner();
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        pages.message().await.unwrap().unwrap();
    }
    let grown = server.peak_kib() - before;
    assert!(
        grown < 10_000,
        "{grown} KiB more while 30 MB wait to be read"
    );
}

/// A reader that is slower than the sweep receives an error instead of a normal end.
#[tokio::test]
async fn a_reader_of_a_version_that_is_swept_receives_an_error() {
    let world = World::start_with(|config| {
        config.retention.old_version_seconds = 0;
        config.retention.sweep_every_seconds = 1;
    })
    .await;
    let text = prose(10_000_000);
    let upload = world
        .send(whole(&spec("d"), text.as_bytes(), 200_000))
        .await
        .unwrap();
    let request = pb::StreamChunksRequest {
        document: upload.document,
        ..Default::default()
    };
    let mut pages = ChunkServiceClient::new(world.channel.clone())
        .stream_chunks(request)
        .await
        .unwrap()
        .into_inner();
    pages.message().await.unwrap().unwrap();
    world
        .send(whole(&spec("d"), b"a new version", 100))
        .await
        .unwrap();
    let mut client = PartitionServiceClient::new(world.channel.clone());
    loop {
        let health = client
            .get_partition_health(pb::GetPartitionHealthRequest {})
            .await;
        let partitions = health.unwrap().into_inner().partitions;
        if partitions.iter().map(|p| p.chunks).sum::<i64>() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let told = loop {
        match pages.message().await {
            Ok(page) => assert!(page.is_some(), "a swept version ended without an error"),
            Err(told) => break told,
        }
    };
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::Aborted, "VERSION_GONE")
    );
}
