//! A client like an embedder: it follows the changes of a collection and keeps the contents of each document.

use std::collections::{BTreeMap, BTreeSet};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::change::Change;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::support::world::read;

/// The contents of each document, by name and key. The key of a follower of levels ends with the level.
pub(crate) type Contents = BTreeMap<String, BTreeMap<Vec<u8>, Content>>;

/// The labels of each document, by name.
pub(crate) type Labels = BTreeMap<String, BTreeMap<String, String>>;

/// A content, and the number of chunks that have it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) chunks: i64,
}

/// The state of an embedder: its cursor, its contents, and the number of changes of each kind.
#[derive(Clone, Default)]
pub(crate) struct Follower {
    /// The levels that it follows. Empty: the finest.
    pub(crate) levels: Vec<i32>,
    pub(crate) cursor: String,
    pub(crate) contents: Contents,
    /// The labels of each document.
    pub(crate) labels: Labels,
    /// The revision of each document that came last. An older one must not follow.
    pub(crate) revisions: BTreeMap<String, u64>,
    /// The changes of metadata, those that come with a version included.
    pub(crate) documents: usize,
    pub(crate) added: usize,
    /// The added chunks whose text the document had under other headings.
    pub(crate) text_kept: usize,
    pub(crate) kept: usize,
    /// The kept chunks that have another place.
    pub(crate) moved: usize,
    pub(crate) removed: usize,
    pub(crate) resets: usize,
}

impl Follower {
    pub(crate) async fn open(
        &self,
        channel: &Channel,
        follow: bool,
    ) -> Result<Streaming<pb::StreamChangesResponse>, Status> {
        let request = pb::StreamChangesRequest {
            collection: "collections/c".to_owned(),
            after_cursor: self.cursor.clone(),
            follow,
            levels: self.levels.clone(),
        };
        let mut client = ChunkServiceClient::new(channel.clone());
        Ok(client.stream_changes(request).await?.into_inner())
    }

    /// Applies all changes up to now, without following.
    pub(crate) async fn catch_up(&mut self, channel: &Channel) -> Result<(), Status> {
        let mut parts = self.open(channel, false).await?;
        while let Some(part) = parts.message().await? {
            self.apply(part);
        }
        Ok(())
    }

    pub(crate) fn apply(&mut self, part: pb::StreamChangesResponse) {
        for change in part.changes {
            match change.change.unwrap() {
                Change::Reset(document) => {
                    self.resets += 1;
                    self.contents.remove(&document);
                    self.labels.remove(&document);
                    self.revisions.remove(&document);
                }
                Change::Document(document) => {
                    self.documents += 1;
                    let revision = document.etag.trim_matches('"');
                    let revision = u64::from_str_radix(revision, 16).unwrap();
                    let before = self.revisions.insert(document.name.clone(), revision);
                    let is_newer = before.is_none_or(|before| before <= revision);
                    assert!(is_newer, "{}: old labels came back", document.name);
                    self.labels.insert(document.name, document.labels);
                }
                Change::Added(chunk) => {
                    self.added += 1;
                    self.text_kept += usize::from(change.is_text_kept);
                    let contents = self.contents.entry(document_of(&chunk)).or_default();
                    let key = key_in(&self.levels, &chunk.key, chunk.level);
                    let content = contents.entry(key).or_default();
                    content.text = chunk.text;
                    content.chunks += 1;
                }
                Change::Kept(chunk) => {
                    self.kept += 1;
                    self.moved += usize::from(change.is_moved);
                    assert!(chunk.text.is_empty());
                    let contents = self.contents.get(&document_of(&chunk));
                    let key = key_in(&self.levels, &chunk.key, chunk.level);
                    let is_known = contents.is_some_and(|known| known.contains_key(&key));
                    assert!(is_known, "{} is kept, but was never added", chunk.name);
                }
                Change::Removed(gone) => {
                    self.removed += 1;
                    let contents = self.contents.get_mut(&gone.document).unwrap();
                    let key = key_in(&self.levels, &gone.key, gone.level);
                    let content = contents.get_mut(&key).expect("it was added");
                    content.chunks -= 1;
                    assert!(content.chunks >= gone.left, "removed twice");
                    if content.chunks == 0 {
                        contents.remove(&key);
                    }
                }
                Change::Complete(version) => {
                    assert!(version.version > 0);
                }
            }
        }
        self.cursor = part.cursor;
    }
}

fn document_of(chunk: &pb::Chunk) -> String {
    let (document, _) = chunk.name.rsplit_once("/chunks/").unwrap();
    let (document, _) = document.split_once("/levels/").unwrap_or((document, ""));
    document.to_owned()
}

fn key_in(levels: &[i32], key: &[u8], level: i32) -> Vec<u8> {
    let mut key = key.to_vec();
    if !levels.is_empty() {
        key.push(u8::try_from(level).unwrap());
    }
    key
}

async fn documents(channel: &Channel) -> Vec<pb::Document> {
    let request = pb::ListDocumentsRequest {
        parent: "collections/c".to_owned(),
        page_size: 1_000,
        ..Default::default()
    };
    let mut client = DocumentServiceClient::new(channel.clone());
    let list = client.list_documents(request).await;
    list.unwrap().into_inner().documents
}

/// Reads the contents of each document of the collection from its chunks of the finest level.
pub(crate) async fn contents(channel: &Channel) -> Contents {
    contents_of_levels(channel, &[]).await
}

/// Reads the contents of each document of the collection from its chunks of these levels. A document with none of them
/// has no contents.
pub(crate) async fn contents_of_levels(channel: &Channel, levels: &[i32]) -> Contents {
    let mut contents = Contents::new();
    for document in documents(channel).await {
        let request = pb::StreamChunksRequest {
            document: document.name.clone(),
            levels: levels.to_vec(),
            ..Default::default()
        };
        let read = read(channel, request).await;
        let chunks = match read {
            Err(status) if status.code() == Code::InvalidArgument => vec![],
            chunks => chunks.unwrap(),
        };
        let mut by_key = BTreeMap::new();
        for chunk in chunks {
            let key = key_in(levels, &chunk.key, chunk.level);
            let content: &mut Content = by_key.entry(key).or_default();
            content.text = chunk.text;
            content.chunks += 1;
        }
        contents.insert(document.name, by_key);
    }
    contents
}

/// Reads the labels of each document of the collection.
pub(crate) async fn labels(channel: &Channel) -> Labels {
    let list = documents(channel).await.into_iter();
    list.map(|document| (document.name, document.labels))
        .collect()
}

/// Asserts that both have the same contents. Documents without contents are ignored.
pub(crate) fn assert_same(follower: &Contents, stored: &Contents) {
    let names = |contents: &Contents| {
        let full = contents.iter().filter(|(_, chunks)| !chunks.is_empty());
        full.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names(follower), names(stored));
    for (name, chunks) in stored {
        let has = follower.get(name).cloned().unwrap_or_default();
        assert!(
            &has == chunks,
            "{name}: {} against {} contents",
            has.len(),
            chunks.len()
        );
    }
}
