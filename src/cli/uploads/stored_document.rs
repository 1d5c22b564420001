//! Compares a stored document with the one that an upload of a source would store.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

use anyhow::Context;
use tonic::Code;

use crate::cli::arguments::spec::{Chunking, Decoding};
use crate::cli::connection::channel::Connection;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::uploads::source::Source;
use crate::domain::ingest::digest::Running;
use crate::domain::names::resource::{CollectionId, DocumentId};
use crate::interface::grpc::convert::chunking::{partial, partial_decoding, to_decoding, to_spec};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use crate::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Bytes of a source that are digested at once.
const PIECE_BYTES: usize = 64 * 1024;

/// The properties that an upload would store now.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The spec of an upload: the typed fields, else the collection's, else the defaults.
    chunking: pb::ChunkingSpec,
    /// The decoding policy of an upload, merged in the same way.
    decoding: pb::DecodingPolicy,
    /// The labels of an upload. `None` means that it sends none, so that the document keeps its own.
    labels: Option<BTreeMap<String, String>>,
    /// The engine version of the server.
    engine_version: i64,
}

/// The part of a stored document that an upload would change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Difference {
    /// No part.
    Nothing,
    /// Only the spec, or the version of the engine that applied it.
    Chunking,
    /// The source, its decoding or the labels.
    Content,
}

impl Expected {
    /// Returns the properties of uploads with the typed arguments into a collection, which may not exist yet.
    pub(crate) async fn of(
        channel: Connection,
        collection: &CollectionId,
        chunking: &Chunking,
        decoding: &Decoding,
        labels: Option<&pb::Labels>,
    ) -> anyhow::Result<Self> {
        let found = self::collection(channel.clone(), collection).await?;
        let found = found.unwrap_or_default();
        let defaults = partial(found.chunking.unwrap_or_default())?;
        let spec = chunking.partial()?.over(&defaults);
        let spec = spec.context(WrongArguments)?;
        let defaults = partial_decoding(found.decoding.unwrap_or_default())?;
        Ok(Self {
            chunking: to_spec(&spec),
            decoding: to_decoding(decoding.partial()?.over(&defaults)),
            labels: labels.map(|labels| labels.values.clone()),
            engine_version: engine_version(channel).await?,
        })
    }

    /// Whether an upload would be chunked by the same spec. Only the server knows the digest of a file that is named here.
    fn is_chunked_alike(&self, stored: Option<&pb::ChunkingSpec>) -> bool {
        let Some(stored) = stored else {
            return false;
        };
        let mut expected = self.chunking.clone();
        if let (Some(expected), Some(stored)) = (&mut expected.tokenizer, &stored.tokenizer)
            && expected.sha256.is_empty()
        {
            expected.sha256.clone_from(&stored.sha256);
        }
        expected == *stored
    }

    /// Returns the part that an upload of the source would change. Reads the source only if its bytes decide.
    pub(crate) async fn difference(
        &self,
        document: &pb::Document,
        source: &Source,
    ) -> anyhow::Result<Difference> {
        let is_decoded_alike = document.decoding.as_ref() == Some(&self.decoding);
        let labels = self.labels.as_ref();
        let is_labelled_alike = labels.is_none_or(|labels| *labels == document.labels);
        if !is_decoded_alike || !is_labelled_alike {
            return Ok(Difference::Content);
        }
        let source = source.clone();
        let digest = tokio::task::spawn_blocking(move || digest(&source)).await??;
        if digest != *document.source_sha256 {
            return Ok(Difference::Content);
        }
        let is_chunked_alike = self.is_chunked_alike(document.chunking.as_ref())
            && document.engine_version == self.engine_version;
        Ok(if is_chunked_alike {
            Difference::Nothing
        } else {
            Difference::Chunking
        })
    }
}

/// Returns the version of the server's engine.
async fn engine_version(channel: Connection) -> anyhow::Result<i64> {
    let mut client = ChunkingServiceClient::new(channel);
    let listed = client.list_strategies(pb::ListStrategiesRequest {}).await;
    Ok(listed?.into_inner().engine_version)
}

/// Returns the collection. `None` means that it does not exist.
pub(crate) async fn collection(
    channel: Connection,
    id: &CollectionId,
) -> anyhow::Result<Option<pb::Collection>> {
    let request = pb::GetCollectionRequest {
        name: id.to_string(),
    };
    let mut client = CollectionServiceClient::new(channel);
    match client.get_collection(request).await {
        Ok(found) => Ok(found.into_inner().collection),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

/// Returns the document. `None` means that it has no complete version.
pub(crate) async fn document(
    channel: Connection,
    collection: &CollectionId,
    id: &DocumentId,
) -> anyhow::Result<Option<pb::Document>> {
    let request = pb::GetDocumentRequest {
        name: format!("{collection}/documents/{}", id.as_str()),
    };
    match DocumentServiceClient::new(channel)
        .get_document(request)
        .await
    {
        Ok(found) => Ok(found.into_inner().document.filter(is_complete)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

/// Whether the document has a version that readers see.
pub(crate) fn is_complete(document: &pb::Document) -> bool {
    document.current_version > 0
}

fn digest(source: &Source) -> anyhow::Result<[u8; 32]> {
    let mut bytes = source.open()?.bytes;
    let mut digest = Running::default();
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(digest.sha256()),
            Ok(read) => digest.update(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("cannot be read"),
        }
    }
}
