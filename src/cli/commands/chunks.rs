//! `sluice chunks`: the chunks of a document.

use clap::Args;

use crate::cli::chunk_rows;
use crate::cli::common::Common;
use crate::cli::json;
use crate::cli::output::Format;
use crate::cli::status::said;
use crate::cli::table::Table;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Reads the chunks of a document.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// collections/{collection}/documents/{document}.
    document: String,
    /// The last ordinal that you have.
    #[arg(long, value_name = "ORDINAL", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Follow the newest upload until it ends.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let format = arguments.common.output;
    let mut table = Table::new(format, &chunk_rows::COLUMNS);
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
            match format {
                Format::Json => table.row(&json::chunks::chunk(chunk))?,
                Format::Table => table.cells(cells(chunk))?,
            }
        }
        table.flush()?;
    }
    table.finish()
}

fn cells(chunk: pb::Chunk) -> Vec<String> {
    let (start, end) = (
        chunk.start.unwrap_or_default(),
        chunk.end.unwrap_or_default(),
    );
    let places = [
        (start.byte, end.byte),
        (start.character, end.character),
        (start.line, end.line),
    ];
    chunk_rows::cells(chunk.ordinal, places, chunk.text)
}
