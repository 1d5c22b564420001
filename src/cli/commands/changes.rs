//! `sluice changes`: what changes in the chunks of a collection.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::change::Change as Kind;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Follows what changes in the chunks of a collection.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    /// Where to go on: a cursor that was printed before, which may begin with a hyphen.
    #[arg(
        long,
        value_name = "CURSOR",
        default_value = "",
        allow_hyphen_values = true
    )]
    after: String,
    /// Wait for more once all is told.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let columns = [("change", 8), ("name", 60), ("sha256", 64), ("cursor", 20)];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let request = pb::StreamChangesRequest {
        collection: arguments.collection.clone(),
        after_cursor: arguments.after.clone(),
        follow: arguments.follow,
    };
    let parts = client.stream_changes(request).await;
    let mut parts = parts.map_err(|status| said(status.into()))?.into_inner();
    while let Some(part) = parts
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        for change in part.changes {
            let (kind, name, sha256) = match change.change {
                Some(Kind::Reset(document)) => ("reset", document, String::new()),
                Some(Kind::Added(chunk)) => ("added", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Kept(chunk)) => ("kept", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Removed(gone)) => ("removed", gone.document, hex(&gone.sha256)),
                Some(Kind::Complete(version)) => ("complete", version.document, String::new()),
                None => continue,
            };
            table.row(&[json!(kind), json!(name), json!(sha256), json!(part.cursor)])?;
        }
        table.flush()?;
    }
    table.finish()
}
