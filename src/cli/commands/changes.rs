//! `sluice changes`: what changes in the chunks of a collection.

use clap::Args;
use serde_json::Value;

use crate::cli::common::Common;
use crate::cli::json;
use crate::cli::names::within;
use crate::cli::output::{Format, note_on_terminal};
use crate::cli::status::said;
use crate::cli::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

/// Follows what changes in the chunks of a collection.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
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
    let format = arguments.common.output;
    let columns = [
        Column::of("change", 8),
        Column::of("name", 24),
        Column::of("sha256", 64),
        Column::of("cursor", 0),
    ];
    let mut table = Table::new(format, &columns);
    if format == Format::Table {
        let collection = &arguments.collection;
        note_on_terminal(&format!("changes of {collection}, by ids of its documents"));
    }
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
            let Some(mut fields) = json::chunks::change(change) else {
                continue;
            };
            fields.insert("cursor".to_owned(), part.cursor.clone().into());
            if format == Format::Table
                && let Some(Value::String(name)) = fields.get_mut("name")
            {
                *name = within(name, &arguments.collection).to_owned();
            }
            table.row(&fields)?;
        }
        table.flush()?;
    }
    table.finish()
}
