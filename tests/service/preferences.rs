//! Each field of a spec comes from the request, else from the collection, else from the default, on every path.

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Type;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::commands::{rows, run};
use crate::imports::{Root, import};
use crate::rechunks::{SUCCEEDED, ended, rechunk, upload};
use crate::support::server::Server;
use crate::support::tuned::{tokenizer, tuned_chunking, tuned_decoding};
use crate::support::world::{Folder, World, connect, first, last};

pub(crate) async fn create(
    channel: &Channel,
    id: &str,
    chunking: pb::ChunkingSpec,
    decoding: pb::DecodingPolicy,
) -> Result<pb::Collection, Status> {
    let request = pb::CreateCollectionRequest {
        collection_id: id.to_owned(),
        chunking: Some(chunking),
        decoding: Some(decoding),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    let created = client.create_collection(request).await?.into_inner();
    Ok(created.collection.unwrap())
}

async fn strategies(channel: &Channel) -> pb::ListStrategiesResponse {
    let mut client = ChunkingServiceClient::new(channel.clone());
    let listed = client.list_strategies(pb::ListStrategiesRequest {}).await;
    listed.unwrap().into_inner()
}

pub(crate) fn in_tuned(id: &str) -> pb::UploadSpec {
    pb::UploadSpec {
        collection: "collections/tuned".to_owned(),
        document_id: id.to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    }
}

pub(crate) async fn found(channel: &Channel, id: &str) -> pb::Document {
    let name = format!("collections/tuned/documents/{id}");
    let mut client = DocumentServiceClient::new(channel.clone());
    let found = client.get_document(pb::GetDocumentRequest { name }).await;
    found.unwrap().into_inner().document.unwrap()
}

/// Pairs of a request with one field set to its default, and the collection's spec merged with that field.
async fn chunking_cases(channel: &Channel) -> Vec<(pb::ChunkingSpec, pb::ChunkingSpec)> {
    type Set = fn(&mut pb::ChunkingSpec, &pb::ChunkingSpec);
    let fields: [Set; 12] = [
        |to, from| to.strategy = from.strategy,
        |to, from| to.measure = from.measure,
        |to, from| to.max_size = from.max_size,
        // The default is half of max_size, so this case sets another value that fits.
        |to, _from| to.min_size = Some(300),
        |to, from| to.overlap = from.overlap,
        |to, from| to.max_bytes = from.max_bytes,
        |to, from| to.packing = from.packing,
        |to, from| to.separators.clone_from(&from.separators),
        |to, from| to.levels.clone_from(&from.levels),
        |to, _from| to.max_tokens = Some(400),
        |to, from| to.reserve_tokens = from.reserve_tokens,
        |to, _from| to.tokenizer = Some(tokenizer("cl100k_base")),
    ];
    let strategies = strategies(channel).await.strategies;
    let recursive = strategies.into_iter().nth(1).unwrap().defaults.unwrap();
    let cases = fields.into_iter().map(|set| {
        let (mut request, mut merged) = (pb::ChunkingSpec::default(), tuned_chunking());
        set(&mut request, &recursive);
        set(&mut merged, &recursive);
        if merged.max_size != tuned_chunking().max_size {
            merged.levels = Some(pb::SizeLevels::default());
        }
        (request, merged)
    });
    cases.collect()
}

fn decoding_cases() -> Vec<(pb::DecodingPolicy, pb::DecodingPolicy)> {
    type Set = fn(&mut pb::DecodingPolicy);
    let fields: [Set; 4] = [
        |to| to.charset = Some("UTF-8".to_owned()),
        |to| to.invalid = Some(pb::FaultPolicy::Reject.into()),
        |to| to.nul = Some(pb::FaultPolicy::Reject.into()),
        |to| to.keep_byte_order_mark = Some(false),
    ];
    let cases = fields.into_iter().map(|set| {
        let (mut request, mut merged) = (pb::DecodingPolicy::default(), tuned_decoding());
        set(&mut request);
        set(&mut merged);
        (request, merged)
    });
    cases.collect()
}

#[test]
fn every_field_has_presence() {
    let set = FileDescriptorSet::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let messages = set.file.iter().flat_map(|file| &file.message_type);
    let mut checked = 0;
    for message in messages {
        if !["ChunkingSpec", "DecodingPolicy"].contains(&message.name()) {
            continue;
        }
        for field in &message.field {
            let has_presence = field.proto3_optional() || field.r#type() == Type::Message;
            assert!(has_presence, "{}.{}", message.name(), field.name());
            checked += 1;
        }
    }
    assert_eq!(checked, 16);
}

#[tokio::test]
async fn an_explicit_field_wins_and_unset_fields_come_from_the_collection() {
    let root = Root::new();
    root.write("file.txt", "text");
    let world = root.world().await;
    let channel = &world.channel;
    let created = create(channel, "tuned", tuned_chunking(), tuned_decoding()).await;
    assert_eq!(created.unwrap().chunking, Some(tuned_chunking()));
    let by_import = async |chunking, decoding| {
        let request = pb::ImportDocumentRequest {
            parent: "collections/tuned".to_owned(),
            document_id: "d".to_owned(),
            path: "file.txt".to_owned(),
            chunking,
            decoding,
            ..Default::default()
        };
        let begun = import(channel, request).await.unwrap();
        assert_eq!(ended(channel, &begun.name).await.state, SUCCEEDED);
        found(channel, "d").await
    };
    let by_upload = async |chunking, decoding| {
        let spec = pb::UploadSpec {
            chunking,
            decoding,
            ..in_tuned("d")
        };
        upload(channel, &spec, b"text").await;
        found(channel, "d").await
    };
    let by_rechunk = async |chunking| {
        let request = pb::RechunkDocumentRequest {
            name: "collections/tuned/documents/d".to_owned(),
            chunking,
            ..Default::default()
        };
        let begun = rechunk(channel, request).await.unwrap();
        assert_eq!(ended(channel, &begun.name).await.state, SUCCEEDED);
        found(channel, "d").await
    };
    for (request, merged) in chunking_cases(channel).await {
        let (request, merged) = (Some(request), Some(merged));
        let documents = [
            by_upload(request.clone(), None).await,
            by_rechunk(request.clone()).await,
            by_import(request.clone(), None).await,
        ];
        for document in documents {
            assert_eq!(document.chunking, merged, "{request:?}");
            assert_eq!(document.decoding, Some(tuned_decoding()));
        }
    }
    for (request, merged) in decoding_cases() {
        let (request, merged) = (Some(request), Some(merged));
        let documents = [
            by_upload(None, request.clone()).await,
            by_import(None, request.clone()).await,
            by_rechunk(None).await,
        ];
        for document in documents {
            assert_eq!(document.decoding, merged, "{request:?}");
            assert_eq!(document.chunking, Some(tuned_chunking()));
        }
    }
}

#[tokio::test]
async fn a_stream_merges_as_an_upload_does() {
    let world = World::start().await;
    let created = create(&world.channel, "tuned", tuned_chunking(), tuned_decoding()).await;
    created.unwrap();
    let spec = pb::UploadSpec {
        chunking: Some(pb::ChunkingSpec {
            overlap: Some(0),
            ..Default::default()
        }),
        ..in_tuned("streamed")
    };
    let message = pb::StreamDocumentRequest {
        write: Some(last(first(&spec, b"text"))),
        ..Default::default()
    };
    let mut uploads = world.uploads();
    let answered = uploads.stream_document(tokio_stream::iter([message])).await;
    let mut answers = answered.unwrap().into_inner();
    while answers.message().await.unwrap().is_some() {}
    let merged = pb::ChunkingSpec {
        overlap: Some(0),
        ..tuned_chunking()
    };
    let document = found(&world.channel, "streamed").await;
    assert_eq!(document.chunking, Some(merged));
}

#[tokio::test]
async fn collections_store_only_explicit_fields() {
    let world = World::start().await;
    let said = pb::ChunkingSpec {
        max_size: Some(400),
        ..Default::default()
    };
    let created = create(
        &world.channel,
        "tuned",
        said.clone(),
        pb::DecodingPolicy::default(),
    )
    .await;
    let created = created.unwrap();
    assert_eq!(created.chunking, Some(said));
    assert_eq!(created.decoding, Some(pb::DecodingPolicy::default()));
    let larger = pb::UploadSpec {
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(1_000),
            ..Default::default()
        }),
        ..in_tuned("larger")
    };
    upload(&world.channel, &larger, b"text").await;
    let effective = found(&world.channel, "larger").await.chunking.unwrap();
    assert_eq!(
        effective.min_size,
        Some(500),
        "the default is half of the merged max_size"
    );
    let words = pb::UploadSpec {
        chunking: Some(pb::ChunkingSpec {
            measure: Some(pb::Measure::Words.into()),
            ..Default::default()
        }),
        ..in_tuned("words")
    };
    upload(&world.channel, &words, b"text").await;
    let effective = found(&world.channel, "words").await.chunking.unwrap();
    assert_eq!(
        effective.max_size,
        Some(200),
        "a limit of 400 characters does not become 400 words"
    );
}

#[tokio::test]
async fn a_document_has_the_specs_to_compare_a_new_upload_with() {
    let world = World::start().await;
    let channel = &world.channel;
    let engine_version = strategies(channel).await.engine_version;
    assert!(engine_version > 0);
    let detected = pb::DecodingPolicy {
        charset: Some("auto".to_owned()),
        ..Default::default()
    };
    let created = create(channel, "tuned", pb::ChunkingSpec::default(), detected).await;
    created.unwrap();
    let open = in_tuned("d");
    world.send(vec![first(&open, b"caf\xE9")]).await.unwrap();
    let empty = found(channel, "d").await;
    assert_eq!((empty.chunking, empty.engine_version), (None, 0));
    upload(channel, &in_tuned("d"), b"caf\xE9").await;
    let uploaded = found(channel, "d").await;
    assert_eq!(uploaded.engine_version, engine_version);
    assert_eq!(uploaded.charset, "windows-1252", "the detected charset");
    let decoding = uploaded.decoding.clone().unwrap();
    assert_eq!(decoding.charset.as_deref(), Some("auto"));
    let request = pb::RechunkDocumentRequest {
        name: "collections/tuned/documents/d".to_owned(),
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(100),
            ..Default::default()
        }),
        ..Default::default()
    };
    let begun = rechunk(channel, request).await.unwrap();
    assert_eq!(ended(channel, &begun.name).await.state, SUCCEEDED);
    let rechunked = found(channel, "d").await;
    assert_eq!(rechunked.chunking.unwrap().max_size, Some(100));
    assert_eq!(
        rechunked.decoding, uploaded.decoding,
        "the policy stays as requested"
    );
    assert_eq!(rechunked.charset, uploaded.charset);
    assert_eq!(rechunked.engine_version, engine_version);
}

#[test]
fn the_command_line_sends_only_explicit_options() {
    let (folder, root) = (Folder::new(), Root::new());
    let import_root = root.0.0.display().to_string();
    let settings = [("SLUICE_IMPORT__ROOT", import_root.as_str())];
    let server = Server::start_with(folder.0.join("typed.db"), &settings);
    root.write("d.txt", "text");
    let file = root.path("d.txt").display().to_string();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(async {
            let channel = connect(&format!("http://{}", server.address));
            create(&channel, "tuned", tuned_chunking(), tuned_decoding()).await
        })
        .unwrap();
    let name = "collections/tuned/documents/d.txt";
    let upload = [
        "upload",
        "--document-id=d.txt",
        "--collection=tuned",
        file.as_str(),
    ];
    let import = ["import", name, "d.txt", "--wait"];
    let rechunk = ["rechunk", name, "--wait"];
    let typed = |command: &[&str], options: &[&str]| {
        run(&server, &[command, options].concat()).unwrap();
        let list = ["documents", "collections/tuned", "--output", "json"];
        let document = rows(&run(&server, &list).unwrap()).remove(0);
        let sizes = ["max_size", "min_size", "overlap"];
        let sizes = sizes.map(|size| document["chunking"][size].as_u64().unwrap());
        let charset = document["decoding"]["charset"].as_str().unwrap().to_owned();
        (sizes, charset)
    };
    let windows = |sizes: [u64; 3]| (sizes, "windows-1252".to_owned());
    for command in [&upload[..], &import, &rechunk] {
        assert_eq!(typed(command, &[]), windows([400, 200, 50]));
        assert_eq!(
            typed(command, &["--max-size", "1000"]),
            windows([1_000, 200, 50])
        );
        assert_eq!(
            typed(command, &["--overlap", "10"]),
            windows([400, 200, 10])
        );
        assert_eq!(typed(command, &["--overlap", "0"]), windows([400, 200, 0]));
    }
    for command in [&upload[..], &import] {
        let (sizes, charset) = typed(command, &["--charset", "utf-8"]);
        assert_eq!((sizes, charset.as_str()), ([400, 200, 50], "UTF-8"));
    }
    let refused = run(&server, &[&upload[..], &["--max-size", "150"]].concat()).unwrap_err();
    assert!(refused.contains("200 (from the collection)"), "{refused}");
    let listed = rows(&run(&server, &["collections", "--output", "json"]).unwrap());
    let tuned = listed
        .iter()
        .find(|row| row["collection"] == "collections/tuned");
    assert_eq!(tuned.unwrap()["chunking"]["separators"][0][0], "|");
}
