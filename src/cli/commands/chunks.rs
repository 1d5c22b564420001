//! `sluice chunks`: the chunks of a document.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Reads the chunks of a document.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}/documents/{document}.
    document: String,
    /// The last ordinal that you have.
    #[arg(long, value_name = "ORDINAL")]
    after: Option<i64>,
    /// Follow the newest upload until it ends.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("ordinal", 8),
        ("start_byte", 12),
        ("end_byte", 12),
        ("text", 60),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let request = pb::StreamChunksRequest {
        document: arguments.document.clone(),
        after_ordinal: arguments.after,
        follow: arguments.follow,
    };
    let mut pages = client
        .stream_chunks(request)
        .await
        .map_err(|status| said(status.into()))?
        .into_inner();
    while let Some(page) = pages
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        for chunk in page.chunks {
            let byte = |place: Option<pb::Position>| json!(place.map(|place| place.byte));
            table.row(&[
                json!(chunk.ordinal),
                byte(chunk.start),
                byte(chunk.end),
                json!(chunk.text),
            ])?;
        }
        table.flush()?;
    }
    table.finish()
}
