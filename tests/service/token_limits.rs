//! Limits in tokens: exact in store and API, the same after a resume, and bound to one file of a tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use sluice::application::ports::tokenizers::Tokenizers as _;
use sluice::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};
use sluice::infrastructure::postgres::connection;
use sluice::infrastructure::tokenizers::folder::TokenizerFolder;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::preferences;
use crate::private;
use crate::rechunks::{SUCCEEDED, ended, rechunk, request, said, upload};
use crate::support::server::Server;
use crate::support::world::{
    Folder, Kept, World, create_collection, first, last, name_of, prose, reason, resumed, spec,
};

/// The tokenizers that `scripts/setup` made.
const MADE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/tokenizers");
/// The name of the file that the tests use and change.
const NAME: &str = "model.json";
const TOKENS_MAX: u32 = 100;

/// A folder with one tokenizer, and the tokenizer.
struct Root(Folder, SharedTokenizer);

impl Root {
    fn new() -> Self {
        let folder = Folder::new();
        fs::copy(Path::new(MADE).join("word_piece.json"), folder.0.join(NAME)).unwrap();
        let tokenizers = TokenizerFolder::open(&folder.0).unwrap();
        let tokenizer = tokenizers.find(&TokenizerId::new(NAME).unwrap());
        Self(folder, tokenizer.unwrap())
    }

    fn path(&self) -> &Path {
        &self.0.0
    }

    /// Replaces the tokenizer.
    fn put(&self, made: &str) {
        fs::copy(Path::new(MADE).join(made), self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.0.join(NAME)
    }

    async fn world(&self, kept: Kept) -> World {
        let root = self.path().to_owned();
        World::start_in(kept, |config| config.tokenizers.root = root).await
    }

    fn server(&self, store: &str) -> Server {
        let root = self.path().display().to_string();
        Server::start_with(store, &[("SLUICE_TOKENIZERS__ROOT", &root)])
    }

    /// Returns the number of tokens of a text alone.
    fn count(&self, text: &str) -> usize {
        self.1.count(text)
    }
}

/// Chunks of up to 100 tokens with an overlap, in two levels.
fn in_tokens() -> pb::ChunkingSpec {
    pb::ChunkingSpec {
        measure: Some(pb::Measure::Tokens.into()),
        overlap: Some(10),
        levels: Some(pb::SizeLevels {
            sizes: vec![400, TOKENS_MAX],
        }),
        tokenizer: Some(pb::Tokenizer {
            name: NAME.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn with_tokens(id: &str) -> pb::UploadSpec {
    pb::UploadSpec {
        chunking: Some(in_tokens()),
        ..spec(id)
    }
}

async fn preview(channel: &Channel, text: &str) -> Result<Vec<pb::PreviewChunk>, Status> {
    let mut client = ChunkingServiceClient::new(channel.clone());
    let request = pb::PreviewRequest {
        content: text.as_bytes().to_vec().into(),
        chunking: Some(in_tokens()),
        ..Default::default()
    };
    Ok(client.preview(request).await?.into_inner().chunks)
}

async fn check_an_upload(kept: Kept) {
    let root = Root::new();
    let world = root.world(kept).await;
    let text = prose(60_000);
    upload(&world.channel, &with_tokens("whole"), text.as_bytes()).await;
    let chunks = said(&world.channel, "whole").await;
    assert!(chunks.len() > 50);
    for chunk in &chunks {
        let counted = root.count(&chunk.text);
        assert_eq!(chunk.tokens, i64::try_from(counted).ok());
        assert!(counted <= TOKENS_MAX as usize, "{counted}");
    }
    let previews = preview(&world.channel, &text).await.unwrap();
    assert_eq!(previews.len(), chunks.len());
    for (preview, chunk) in previews.iter().zip(&chunks) {
        assert_eq!((&preview.text, preview.tokens), (&chunk.text, chunk.tokens));
        for parent in &preview.ended_parents {
            let [start, end] = [&parent.start, &parent.end]
                .map(|place| usize::try_from(place.unwrap().byte).unwrap());
            let counted = root.count(&text[start..end]);
            assert_eq!(parent.tokens, i64::try_from(counted).ok());
        }
    }
    // A connection that ends in the middle of the upload.
    let parts = with_tokens("parts");
    let half = text.len() / 2;
    let mut client = world.uploads();
    let broken = tokio_stream::iter([first(&parts, &text.as_bytes()[..half])]);
    client.upload_document(broken).await.unwrap();
    let name = name_of(&parts);
    let committed = world.get_upload(&name).await.unwrap().committed_offset;
    let from = usize::try_from(committed).unwrap();
    assert!(from > 0 && from < half, "{from}");
    let rest = last(resumed(&name, committed, &text.as_bytes()[from..]));
    client
        .upload_document(tokio_stream::iter([rest]))
        .await
        .unwrap();
    assert!(said(&world.channel, "parts").await == chunks);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_in_tokens_is_exact_and_resumes_the_same() {
    check_an_upload(Kept::InAFile).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_in_tokens_is_exact_and_resumes_the_same_in_a_database() {
    check_an_upload(Kept::InADatabase).await;
}

fn is_unavailable(refused: &Status) -> bool {
    (refused.code(), &*reason(refused)) == (Code::FailedPrecondition, "TOKENIZER_UNAVAILABLE")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_not_used_for_what_names_the_earlier_one() {
    let root = Root::new();
    let world = root.world(Kept::InAFile).await;
    let text = prose(50_000);
    let created = preferences::create(
        &world.channel,
        "tuned",
        in_tokens(),
        pb::DecodingPolicy::default(),
    );
    let pinned = created.await.unwrap().chunking.unwrap().tokenizer.unwrap();
    assert_eq!(pinned.sha256.len(), 32);
    let begun = preferences::in_tuned("begun");
    let mut client = world.uploads();
    let half = tokio_stream::iter([first(&begun, &text.as_bytes()[..30_000])]);
    client.upload_document(half).await.unwrap();
    root.put("byte_level.json");
    let again = tokio_stream::iter([last(first(&begun, text.as_bytes()))]);
    let refused = client.upload_document(again).await.unwrap_err();
    assert!(is_unavailable(&refused), "{refused:?}");
    let new = preferences::in_tuned("new");
    let whole = |spec| tokio_stream::iter([last(first(spec, text.as_bytes()))]);
    let refused = client.upload_document(whole(&new)).await.unwrap_err();
    assert!(is_unavailable(&refused), "{refused:?}");
    let mut digest = in_tokens();
    digest.tokenizer = Some(pinned);
    let earlier = pb::UploadSpec {
        chunking: Some(digest),
        ..spec("earlier")
    };
    let refused = client.upload_document(whole(&earlier)).await.unwrap_err();
    assert!(is_unavailable(&refused), "{refused:?}");
    // Named again, the collection takes the new file.
    let mut collections = CollectionServiceClient::new(world.channel.clone());
    let renamed = pb::UpdateCollectionRequest {
        collection: Some(pb::Collection {
            name: "collections/tuned".to_owned(),
            chunking: Some(in_tokens()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["chunking".to_owned()],
        }),
    };
    collections.update_collection(renamed).await.unwrap();
    let newest = preferences::in_tuned("newest");
    client.upload_document(whole(&newest)).await.unwrap();
    // Once the earlier file is back, its upload ends.
    root.put("word_piece.json");
    client.upload_document(whole(&begun)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_the_tokenizer_leaves_its_work_to_instances_that_have_it() {
    let (cluster, root) = (private::cluster(), Root::new());
    let store = cluster.database();
    connection::migrate(&store).await.unwrap();
    let without = Server::start(&store);
    create_collection(&without.channel()).await;
    upload(&without.channel(), &spec("d"), prose(100_000).as_bytes()).await;
    let refused = preview(&without.channel(), "text").await.unwrap_err();
    assert!(is_unavailable(&refused), "{refused:?}");
    let refused = [last(first(&with_tokens("e"), b"text"))];
    let mut uploads = pb::upload_service_client::UploadServiceClient::new(without.channel());
    let refused = uploads
        .upload_document(tokio_stream::iter(refused))
        .await
        .unwrap_err();
    assert!(is_unavailable(&refused), "{refused:?}");
    let with = root.server(&store);
    let begun = pb::RechunkDocumentRequest {
        chunking: Some(in_tokens()),
        ..request("d")
    };
    let begun = rechunk(&with.channel(), begun).await.unwrap();
    let ended = ended(&without.channel(), &begun.name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
    let chunks = said(&without.channel(), "d").await;
    assert!(chunks.iter().all(|chunk| chunk.tokens.is_some()));
}
