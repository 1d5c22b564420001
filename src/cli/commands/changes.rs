//! `sluice changes`: the changes of the chunks in a collection.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::cli::arguments::common::Common;
use crate::cli::calls::resumed_stream::{AWAY_MAX, Follower, follow};
use crate::cli::connection::channel::Connection;
use crate::cli::json;
use crate::cli::terminal::names::within;
use crate::cli::terminal::output::{Format, note_on_terminal};
use crate::cli::terminal::table::{Column, Table};
use crate::domain::chunking::spec::levels::LEVELS_MAX;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use clap::Args;
use serde_json::Value;
use tonic::{Status, Streaming};

/// List the changes of the chunks in a collection.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Collection, as collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    /// Resume after this cursor, which was printed before and may begin with a hyphen.
    #[arg(
        long,
        value_name = "CURSOR",
        default_value = "",
        allow_hyphen_values = true
    )]
    after: String,
    /// Levels to follow, from 0, the coarsest. A cursor is bound to them. Default: the finest level of each document.
    #[arg(long = "level", value_name = "LEVEL", value_delimiter = ',',
        value_parser = clap::value_parser!(i32).range(0..LEVELS_MAX as i64))]
    levels: Vec<i32>,
    /// Wait for further changes at the end. Reconnect for up to 24 hours if the server is away.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = arguments.common.output;
    let columns = [
        Column::of("change", 8),
        Column::of("name", 24),
        Column::of("key", 64),
        Column::of("cursor", 0),
    ];
    let table = Table::new(format, &columns);
    if format == Format::Table {
        let collection = &arguments.collection;
        note_on_terminal(&format!("changes of {collection}, by ids of its documents"));
    }
    let mut following = Following {
        format,
        collection: arguments.collection.clone(),
        cursor: arguments.after.clone(),
        levels: arguments.levels.clone(),
        is_endless: arguments.follow,
        table,
    };
    let connection = arguments.common.server.channel()?;
    let away_max = [Duration::ZERO, AWAY_MAX][usize::from(arguments.follow)];
    follow(&mut following, &connection, away_max).await?;
    following.table.finish()
}

/// Follows the changes, from cursor to cursor.
struct Following {
    format: Format,
    collection: String,
    /// The cursor after the changes that are written.
    cursor: String,
    levels: Vec<i32>,
    is_endless: bool,
    table: Table,
}

impl Follower for Following {
    type Message = pb::StreamChangesResponse;

    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status> {
        let request = pb::StreamChangesRequest {
            collection: self.collection.clone(),
            after_cursor: self.cursor.clone(),
            follow: self.is_endless,
            levels: self.levels.clone(),
        };
        let mut client = ChunkServiceClient::new(connection);
        Ok(client.stream_changes(request).await?.into_inner())
    }

    fn take(&mut self, part: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        for change in part.changes {
            let Some(mut fields) = json::chunks::change(change) else {
                continue;
            };
            fields.insert("cursor".to_owned(), part.cursor.clone().into());
            if self.format == Format::Table
                && let Some(Value::String(name)) = fields.get_mut("name")
            {
                *name = within(name, &self.collection).to_owned();
            }
            self.table.row(&fields)?;
        }
        self.table.flush()?;
        self.cursor = part.cursor;
        Ok(ControlFlow::Continue(()))
    }
}
