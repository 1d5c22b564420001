//! `sluice chunks`: the chunks of a document.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use tonic::{Status, Streaming};

use crate::cli::arguments::common::Common;
use crate::cli::calls::resumed_stream::{AWAY_MAX, Follower, follow};
use crate::cli::connection::channel::Connection;
use crate::cli::json;
use crate::cli::terminal::chunk_rows;
use crate::cli::terminal::output::Format;
use crate::cli::terminal::table::Table;
use crate::domain::chunking::spec::levels::LEVELS_MAX;
use crate::domain::names::chunk_name::ChunkName;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Read the chunks of a document.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    document: String,
    /// Skip the chunks up to and including this ordinal, from 0.
    #[arg(long, value_name = "ORDINAL", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Stop after the chunk of this ordinal.
    #[arg(long, value_name = "ORDINAL", value_parser = clap::value_parser!(i64).range(0..))]
    last_ordinal: Option<i64>,
    /// Start with the first chunk that ends after this byte of the text, from 0.
    #[arg(long, value_name = "BYTE", conflicts_with = "after",
        value_parser = clap::value_parser!(i64).range(0..))]
    start_byte: Option<i64>,
    /// Stop before the first chunk that begins at or after this byte of the text.
    #[arg(long, value_name = "BYTE", value_parser = clap::value_parser!(i64).range(1..))]
    end_byte: Option<i64>,
    /// Levels to read, from 0, the coarsest: parents come after their last chunk. Default: the finest level.
    #[arg(long = "level", value_name = "LEVEL", value_delimiter = ',',
        value_parser = clap::value_parser!(i32).range(0..LEVELS_MAX as i64))]
    levels: Vec<i32>,
    /// Follow the newest upload until it ends, or until the last wanted chunk is written. Reconnect for up to 24 hours
    /// if the server is away.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = arguments.common.output;
    let table = Table::new(format, &chunk_rows::COLUMNS);
    let mut following = Following {
        format,
        document: arguments.document.clone(),
        after: arguments.after,
        last_ordinal: arguments.last_ordinal,
        start_byte: arguments.start_byte,
        end_byte: arguments.end_byte,
        levels: arguments.levels.clone(),
        version: None,
        is_checked: true,
        follows: arguments.follow,
        table,
    };
    let connection = arguments.common.server.channel()?;
    let away_max = [Duration::ZERO, AWAY_MAX][usize::from(arguments.follow)];
    follow(&mut following, &connection, away_max).await?;
    following.check(connection).await?;
    following.table.finish()
}

/// Follows the chunks of one version, from ordinal to ordinal.
struct Following {
    format: Format,
    document: String,
    /// The ordinal of the last chunk of the finest level that was written, or that a written parent has.
    after: Option<i64>,
    last_ordinal: Option<i64>,
    /// The byte to start at, until a chunk is written.
    start_byte: Option<i64>,
    end_byte: Option<i64>,
    levels: Vec<i32>,
    /// The version of the chunks written.
    version: Option<i64>,
    /// Whether the stream is known to be of that version.
    is_checked: bool,
    follows: bool,
    table: Table,
}

impl Following {
    /// Checks that a stream without chunks was of the version of the chunks before.
    async fn check(&mut self, connection: Connection) -> anyhow::Result<()> {
        if !self.is_checked {
            let name = self.document.clone();
            let mut client = DocumentServiceClient::new(connection);
            let found = client.get_document(pb::GetDocumentRequest { name }).await?;
            let document = found.into_inner().document.unwrap_or_default();
            self.is_of(document.current_version)?;
        }
        Ok(())
    }

    /// Fails if chunks of another version were written.
    fn is_of(&mut self, version: i64) -> anyhow::Result<()> {
        let written = *self.version.get_or_insert(version);
        self.is_checked = true;
        ensure!(
            written == version,
            "{} now has the version {version}, and the chunks so far are of the version {written}: \
             read it from the beginning",
            self.document
        );
        Ok(())
    }
}

impl Follower for Following {
    type Message = pb::StreamChunksResponse;

    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status> {
        self.is_checked = self.version.is_none();
        let request = pb::StreamChunksRequest {
            document: self.document.clone(),
            after_ordinal: self.after,
            follow: self.follows,
            last_ordinal: self.last_ordinal,
            end_byte: self.end_byte,
            start_byte: self.start_byte,
            levels: self.levels.clone(),
        };
        let mut client = ChunkServiceClient::new(connection);
        Ok(client.stream_chunks(request).await?.into_inner())
    }

    fn take(&mut self, page: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        for chunk in page.chunks {
            self.is_of(chunk.version)?;
            self.after = Some(chunk.last_ordinal);
            self.start_byte = None;
            match self.format {
                Format::Json => self.table.row(&json::chunks::chunk(chunk))?,
                Format::Table => self.table.cells(cells(chunk))?,
            }
        }
        self.table.flush()?;
        // The server refuses a resume after the last wanted chunk, but a parent of it may end later.
        let is_last = self
            .last_ordinal
            .is_some_and(|last| self.after >= Some(last));
        if is_last && self.levels.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}

pub(super) fn cells(chunk: pb::Chunk) -> Vec<String> {
    let start = chunk.start.unwrap_or_default();
    let end = chunk.end.unwrap_or_default();
    let places = [
        (start.byte, end.byte),
        (start.character, end.character),
        (start.line, end.line),
    ];
    let structure = chunk.structure.unwrap_or_default();
    let titles = structure.headings.iter().map(|heading| &*heading.title);
    let text = chunk_rows::under(titles, &chunk.text);
    let name = ChunkName::parse(&chunk.name);
    let is_parent = name.is_ok_and(|name| name.level.is_some());
    let ordinal = if is_parent {
        format!("{}:{}", chunk.level, chunk.ordinal)
    } else {
        chunk.ordinal.to_string()
    };
    chunk_rows::cells(ordinal, places, text)
}
