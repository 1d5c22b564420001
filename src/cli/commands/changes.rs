//! `sluice changes`: what changes in the chunks of a collection.

use std::ops::ControlFlow;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tonic::{Status, Streaming};

use crate::cli::common::Common;
use crate::cli::connection::channel::Connection;
use crate::cli::following::{AWAY_MAX, Follower, follow};
use crate::cli::output::Table;
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
    /// Wait for more once all is told. A server that is away is connected to again for 24 hours.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let columns = [("change", 8), ("name", 60), ("sha256", 64), ("cursor", 20)];
    let table = Table::new(arguments.common.output, &columns)?;
    let mut following = Following {
        collection: arguments.collection.clone(),
        cursor: arguments.after.clone(),
        is_endless: arguments.follow,
        table,
    };
    let connection = arguments.common.server.channel()?;
    let away_max = [Duration::ZERO, AWAY_MAX][usize::from(arguments.follow)];
    follow(&mut following, &connection, away_max).await?;
    following.table.finish()
}

/// Follows what changes, from cursor to cursor.
struct Following {
    collection: String,
    /// The place behind the changes that are written.
    cursor: String,
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
        };
        let mut client = ChunkServiceClient::new(connection);
        Ok(client.stream_changes(request).await?.into_inner())
    }

    fn take(&mut self, part: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        for change in part.changes {
            let (kind, name, sha256) = match change.change {
                Some(Kind::Reset(document)) => ("reset", document, String::new()),
                Some(Kind::Added(chunk)) => ("added", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Kept(chunk)) => ("kept", chunk.name, hex(&chunk.sha256)),
                Some(Kind::Removed(gone)) => ("removed", gone.document, hex(&gone.sha256)),
                Some(Kind::Complete(version)) => ("complete", version.document, String::new()),
                None => continue,
            };
            let cells = [json!(kind), json!(name), json!(sha256), json!(part.cursor)];
            self.table.row(&cells)?;
        }
        self.table.flush()?;
        self.cursor = part.cursor;
        Ok(ControlFlow::Continue(()))
    }
}
