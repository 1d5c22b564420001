//! `sluice sections`: the outline of a document.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::json;
use crate::cli::terminal::chunk_rows::{path, range};
use crate::cli::terminal::output::Format;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Read the outline of a document: its sections, with their headings and places.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    document: String,
    /// Skip the sections up to and including this number, from 0.
    #[arg(long, value_name = "SECTION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    #[command(flatten)]
    common: Common,
}

/// The columns of a section.
const COLUMNS: [Column; 5] = [
    Column::of("section", 7),
    Column::of("chunks", 11),
    Column::of("bytes", 15),
    Column::of("lines", 11),
    Column::text("headings"),
];

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = arguments.common.output;
    let mut table = Table::new(format, &COLUMNS);
    let request = pb::StreamSectionsRequest {
        document: arguments.document.clone(),
        after_section: arguments.after,
    };
    let mut client = ChunkServiceClient::new(arguments.common.server.channel()?);
    let mut pages = client.stream_sections(request).await?.into_inner();
    while let Some(page) = pages.message().await? {
        for section in page.sections {
            match format {
                Format::Json => table.row(&json::chunks::section(section))?,
                Format::Table => table.cells(cells(&section))?,
            }
        }
        table.flush()?;
    }
    table.finish()
}

fn cells(section: &pb::Section) -> Vec<String> {
    let start = section.start.unwrap_or_default();
    let end = section.end.unwrap_or_default();
    let titles = section.headings.iter().map(|heading| &*heading.title);
    vec![
        section.section.to_string(),
        format!("{}..={}", section.first_ordinal, section.last_ordinal),
        range(start.byte, end.byte),
        range(start.line, end.line),
        path(titles),
    ]
}
