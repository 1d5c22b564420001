//! `sluice context`: a chunk with its neighbors and parents.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::commands::chunks;
use crate::cli::json;
use crate::cli::terminal::chunk_rows;
use crate::cli::terminal::output::Format;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Read a chunk with the chunks around it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Chunk, as collections/{collection}/documents/{document}/chunks/{ordinal}, or for a parent
    /// collections/{collection}/documents/{document}/levels/{level}/chunks/{ordinal}.
    chunk: String,
    /// Chunks of its level to add before it, and after it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=16))]
    neighbors: i32,
    /// Add its parents, coarse to fine.
    #[arg(long)]
    parents: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let request = pb::GetChunkRequest {
        name: arguments.chunk.clone(),
        neighbors: arguments.neighbors,
        with_parents: arguments.parents,
    };
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let pb::GetChunkResponse {
        chunk,
        before,
        after,
        parents,
    } = client.get_chunk(request).await?.into_inner();
    let format = arguments.common.output;
    let mut columns = vec![Column::of("relation", 8)];
    columns.extend(chunk_rows::COLUMNS);
    let mut table = Table::new(format, &columns);
    let groups = [
        ("PARENT", parents),
        ("BEFORE", before),
        ("CHUNK", chunk.into_iter().collect()),
        ("AFTER", after),
    ];
    for (relation, chunks) in groups {
        for chunk in chunks {
            write(&mut table, format, relation, chunk)?;
        }
    }
    table.finish()
}

fn write(
    table: &mut Table,
    format: Format,
    relation: &str,
    chunk: pb::Chunk,
) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            let mut fields = json::chunks::chunk(chunk);
            fields.insert("relation".to_owned(), relation.into());
            table.row(&fields)
        }
        Format::Table => {
            let mut cells = vec![relation.to_owned()];
            cells.extend(chunks::cells(chunk));
            table.cells(cells)
        }
    }
}
