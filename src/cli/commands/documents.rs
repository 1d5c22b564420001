//! `sluice documents`: the documents of a collection.

use anyhow::Context;
use clap::Args;

use crate::cli::arguments::common::{Common, PAGE_ROWS};
use crate::cli::arguments::label::Labels;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::names::within;
use crate::cli::terminal::output::{Format, WrongArguments, note_on_terminal};
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// List the documents of a collection.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Collection, as collections/{collection}.
    #[arg(default_value = "collections/default")]
    collection: String,
    #[command(flatten)]
    labels: Labels,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let labels = arguments.labels.by_key().context(WrongArguments)?;
    let mut client = DocumentServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        Column::of("document", 24),
        Column::of("current_version", 15),
        Column::of("chunks", 8),
        Column::of("source_bytes", 12),
        Column::of("partition", 9),
        Column::of("charset", 8),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    if arguments.common.output == Format::Table {
        note_on_terminal(&format!(
            "documents of {}, by their ids",
            arguments.collection
        ));
    }
    let mut page_token = String::new();
    loop {
        let parent = arguments.collection.clone();
        let request = pb::ListDocumentsRequest {
            parent,
            page_size: PAGE_ROWS,
            page_token,
            labels: labels.clone(),
        };
        let page = client
            .list_documents(request)
            .await
            .map_err(|status| explain(status.into()))?
            .into_inner();
        for document in page.documents {
            let id = within(&document.name, &arguments.collection).to_owned();
            let mut fields = json::documents::document(document);
            if arguments.common.output == Format::Table {
                fields.insert("document".to_owned(), id.into());
            }
            table.row(&fields)?;
        }
        table.flush()?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return table.finish();
        }
    }
}
