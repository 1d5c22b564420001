//! Imports of files under the import root, with the same results as uploads.

use std::path::PathBuf;

use sluice::config::Config;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::rechunks::{
    FAILED, SUCCEEDED, document, ended, operation, overlapping, said, upload, utf_16,
};
use crate::support::world::{Folder, World, first, labels, metadata, prose, reason, resumed, spec};

pub(crate) const IMPORT_DOCUMENT: i32 = 6;

/// A folder to import from.
pub(crate) struct Root(pub(crate) Folder);

impl Root {
    pub(crate) fn new() -> Self {
        Self(Folder::new())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.0.join(name)
    }

    /// Writes a file, and creates its parent folders.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) async fn world(&self) -> World {
        self.world_with(|_| {}).await
    }

    /// Starts a server with this import root and the settings that `change` makes.
    pub(crate) async fn world_with(&self, change: impl FnOnce(&mut Config)) -> World {
        World::start_with(|config| {
            config.import.root.clone_from(&self.0.0);
            change(config);
        })
        .await
    }
}

pub(crate) fn request(id: &str, path: &str) -> pb::ImportDocumentRequest {
    pb::ImportDocumentRequest {
        parent: "collections/c".to_owned(),
        document_id: id.to_owned(),
        path: path.to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..pb::ImportDocumentRequest::default()
    }
}

pub(crate) async fn import(
    channel: &Channel,
    request: pb::ImportDocumentRequest,
) -> Result<pb::Operation, Status> {
    let mut client = DocumentServiceClient::new(channel.clone());
    let begun = client.import_document(request).await?.into_inner();
    Ok(begun.operation.unwrap())
}

async fn found(world: &World, id: &str) -> pb::Document {
    let name = document(id);
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let found = client.get_document(pb::GetDocumentRequest { name }).await;
    found.unwrap().into_inner().document.unwrap()
}

/// Imports a source, uploads the same source, and compares both documents.
async fn check(root: &Root, world: &World, id: &str, path: &str, charset: &str, source: &[u8]) {
    root.write(path, source);
    let decoding = Some(pb::DecodingPolicy {
        charset: Some(charset.to_owned()),
        ..pb::DecodingPolicy::default()
    });
    let labels = Some(labels(&[("kind", id)]));
    let asked = pb::ImportDocumentRequest {
        display_name: "a name".to_owned(),
        media_type: "text/markdown".to_owned(),
        labels: labels.clone(),
        chunking: Some(overlapping()),
        decoding: decoding.clone(),
        ..request(id, path)
    };
    let sent_id = format!("{id}-sent");
    let sent = pb::UploadSpec {
        display_name: asked.display_name.clone(),
        media_type: asked.media_type.clone(),
        labels,
        chunking: Some(overlapping()),
        decoding,
        ..spec(&sent_id)
    };
    upload(&world.channel, &sent, source).await;
    let begun = import(&world.channel, asked).await.unwrap();
    assert_eq!((begun.kind, begun.target), (IMPORT_DOCUMENT, document(id)));
    let ended = ended(&world.channel, &begun.name).await;
    assert_eq!(ended.state, SUCCEEDED, "{id}: {ended:?}");
    assert_eq!(ended.committed_bytes, i64::try_from(source.len()).unwrap());
    let chunks = said(&world.channel, id).await;
    assert!(chunks == said(&world.channel, &sent_id).await, "{id}");
    let (imported, uploaded) = (found(world, id).await, found(world, &sent_id).await);
    assert_eq!(imported.source_sha256, uploaded.source_sha256);
    let about = |of: pb::Document| (of.display_name, of.media_type, of.labels, of.chunks);
    assert_eq!(about(imported), about(uploaded));
}

#[tokio::test]
async fn an_imported_file_equals_the_same_file_uploaded() {
    let root = Root::new();
    let world = root.world().await;
    let text = prose(1_000_000);
    let little = utf_16(&format!("\u{FEFF}{text}"), u16::to_le_bytes);
    let cases: [(&str, &str, &str, &[u8]); 4] = [
        ("plain", "plain.txt", "", text.as_bytes()),
        ("deep", "a b/[c]/\u{6587}/.x/d..e@f.txt", "", b"some text"),
        ("utf-16", "utf-16.txt", "auto", &little),
        ("empty", "empty", "", b""),
    ];
    for (id, path, charset, source) in cases {
        check(&root, &world, id, path, charset, source).await;
    }
}

#[tokio::test]
async fn a_file_is_imported_once_for_each_request_id() {
    let root = Root::new();
    let world = root.world().await;
    root.write("f.txt", prose(10_000));
    root.write("g.txt", "other");
    let asked = request("d", "f.txt");
    let begun = import(&world.channel, asked.clone()).await.unwrap();
    assert_eq!(begun.name, format!("operations/{}", asked.request_id));
    let ended = ended(&world.channel, &begun.name).await;
    std::fs::remove_file(root.path("f.txt")).unwrap();
    let again = import(&world.channel, asked.clone()).await.unwrap();
    assert_eq!(again, ended, "even if the file is gone");
    let sent = spec("d");
    world.send(vec![first(&sent, b"text")]).await.unwrap();
    let others = [
        pb::ImportDocumentRequest {
            path: "g.txt".to_owned(),
            ..asked.clone()
        },
        pb::ImportDocumentRequest {
            document_id: "e".to_owned(),
            ..asked.clone()
        },
        pb::ImportDocumentRequest {
            request_id: sent.request_id,
            ..request("d", "g.txt")
        },
        pb::ImportDocumentRequest {
            display_name: "another".to_owned(),
            ..asked.clone()
        },
    ];
    for other in others {
        let refused = import(&world.channel, other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "REQUEST_ID_REUSED")
        );
    }
    let wrong = pb::ImportDocumentRequest {
        request_id: "x".to_owned(),
        ..request("d", "g.txt")
    };
    let refused = import(&world.channel, wrong).await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "request_id");
    let unnamed = pb::ImportDocumentRequest {
        request_id: String::new(),
        ..request("d", "g.txt")
    };
    let begun = import(&world.channel, unnamed).await.unwrap();
    assert_eq!(
        crate::rechunks::ended(&world.channel, &begun.name)
            .await
            .state,
        SUCCEEDED
    );
}

#[tokio::test]
async fn an_import_accepts_no_data_and_supersedes_unfinished_uploads() {
    let root = Root::new();
    let world = root.world().await;
    root.write("f.txt", prose(100_000));
    let open = spec("d");
    let open = world.send(vec![first(&open, b"text")]).await.unwrap();
    let asked = request("d", "f.txt");
    let begun = import(&world.channel, asked.clone()).await.unwrap();
    let superseded = operation(&world.channel, &open.operation).await;
    assert_eq!(superseded.failure_reason, "UPLOAD_SUPERSEDED");
    let name = format!("uploads/{}", asked.request_id);
    let same = pb::UploadSpec {
        request_id: asked.request_id,
        ..spec("d")
    };
    for (message, expected) in [
        (resumed(&name, 0, b"text"), "NOT_A_CLIENT_UPLOAD"),
        (first(&same, b"text"), "REQUEST_ID_REUSED"),
    ] {
        let refused = world.send(vec![message]).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, expected)
        );
    }
    assert_eq!(ended(&world.channel, &begun.name).await.state, SUCCEEDED);
}

#[tokio::test]
async fn invalid_imports_are_refused_before_anything_is_stored() {
    let root = Root::new();
    let world = root
        .world_with(|config| config.uploads.source_bytes_max = 1_000)
        .await;
    root.write("f.txt", "text");
    root.write("large.txt", vec![b'a'; 1_001]);
    root.write("just.txt", vec![b'a'; 1_000]);
    let elsewhere = pb::ImportDocumentRequest {
        parent: "collections/none".to_owned(),
        ..request("d", "f.txt")
    };
    let unsized_chunks = pb::ImportDocumentRequest {
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(0),
            ..pb::ChunkingSpec::default()
        }),
        ..request("d", "f.txt")
    };
    let unnamed = pb::ImportDocumentRequest {
        display_name: "x".repeat(1_025),
        ..request("d", "f.txt")
    };
    let cases = [
        (request("d", "none.txt"), Code::NotFound, "kind", "file"),
        (request("d", "none/f.txt"), Code::NotFound, "kind", "file"),
        (request("d", "f.txt/f"), Code::NotFound, "kind", "file"),
        (elsewhere, Code::NotFound, "kind", "collection"),
        (
            request("d", "large.txt"),
            Code::OutOfRange,
            "max_size",
            "1000",
        ),
        (
            request("..", "f.txt"),
            Code::InvalidArgument,
            "field",
            "document_id",
        ),
        (
            unsized_chunks,
            Code::InvalidArgument,
            "field",
            "chunking.max_size",
        ),
        (unnamed, Code::InvalidArgument, "field", "display_name"),
    ];
    for (asked, code, key, value) in cases {
        let refused = import(&world.channel, asked).await.unwrap_err();
        assert_eq!(
            (refused.code(), metadata(&refused, key).as_str()),
            (code, value)
        );
    }
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let list = pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        ..pb::ListDocumentsRequest::default()
    };
    let listed = client.list_documents(list).await.unwrap().into_inner();
    assert!(listed.documents.is_empty());
    let begun = import(&world.channel, request("d", "just.txt")).await;
    let ended = ended(&world.channel, &begun.unwrap().name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
}

#[tokio::test]
async fn without_a_root_imports_are_refused() {
    let world = World::start().await;
    let refused = import(&world.channel, request("d", "f.txt")).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "IMPORT_DISABLED")
    );
    let nowhere = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        store: sluice::config::sections::store::Store::at(&world.database()),
        import: sluice::config::sections::import::Import {
            root: world.database().join("none"),
            ..Default::default()
        },
        ..Config::default()
    };
    let refused = sluice::bootstrap::Instance::start(&nowhere).await;
    assert_eq!(refused.unwrap_err().to_string(), "import.root");
}

#[tokio::test]
async fn imports_refuse_the_same_content_as_uploads() {
    let root = Root::new();
    let world = root.world().await;
    root.write("f.pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
    root.write("f.txt", b"some \xFF text");
    for (path, expected) in [
        ("f.pdf", "UNSUPPORTED_CONTENT"),
        ("f.txt", "INVALID_CONTENT"),
    ] {
        let begun = import(&world.channel, request("d", path)).await.unwrap();
        let ended = ended(&world.channel, &begun.name).await;
        assert_eq!(
            (ended.state, ended.failure_reason.as_str()),
            (FAILED, expected)
        );
    }
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let name = document("d");
    let missing = client.get_document(pb::GetDocumentRequest { name }).await;
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
}
