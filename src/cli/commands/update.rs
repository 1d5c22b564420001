//! `sluice update`: changes the labels, the display name or the media type of a document, without an upload.

use anyhow::{Context, anyhow, ensure};
use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::arguments::label::Labels;
use crate::cli::calls::document_update::update;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::terminal::table::{Column, Table};
use crate::domain::names::resource::DocumentName;
use crate::interface::grpc::pb;

/// Change the labels, the display name or the media type of a document, without an upload, and print the document.
///
/// Chunks and versions stay. Followers of the collection receive the change. An unfinished upload that sets one of the
/// same fields fails, and can be repeated.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    name: String,
    #[command(flatten)]
    labels: Labels,
    /// Key of a label to remove; repeat it for several labels.
    #[arg(long = "remove-label", value_name = "KEY")]
    removed: Vec<String>,
    /// Remove all labels but those of --label.
    #[arg(long)]
    clear_labels: bool,
    /// Name for people. An empty one becomes the document's id.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Media type. An empty one becomes text/plain.
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let labels = arguments.labels.by_key().context(WrongArguments)?;
    let name = DocumentName::parse(&arguments.name).context(WrongArguments)?;
    let both = arguments
        .removed
        .iter()
        .find(|key| labels.contains_key(*key));
    if let Some(key) = both {
        let both = anyhow!("--label and --remove-label: both name {key}: leave one out");
        return Err(both.context(WrongArguments));
    }
    let has_labels = !labels.is_empty() || !arguments.removed.is_empty() || arguments.clear_labels;
    let fields = [
        ("labels", has_labels),
        ("display_name", arguments.display_name.is_some()),
        ("media_type", arguments.media_type.is_some()),
    ];
    let paths = fields
        .into_iter()
        .filter_map(|(path, is_set)| is_set.then_some(path));
    let paths = paths.collect::<Vec<_>>();
    let nothing = "nothing to change: give --label, --remove-label, --clear-labels, --display-name or --media-type";
    ensure!(!paths.is_empty(), anyhow!(nothing).context(WrongArguments));
    let change = |document: &mut pb::Document| {
        if arguments.clear_labels {
            document.labels.clear();
        }
        for key in &arguments.removed {
            document.labels.remove(key);
        }
        document.labels.extend(labels.clone());
        if let Some(given) = &arguments.display_name {
            document.display_name.clone_from(given);
        }
        if let Some(given) = &arguments.media_type {
            document.media_type.clone_from(given);
        }
    };
    let channel = arguments.common.server.channel()?;
    let updated = update(channel, &name.to_string(), &paths, change).await;
    let updated = updated.map_err(|status| explain(status.into()))?;
    let columns = [
        Column::of("document", 24),
        Column::of("display_name", 24),
        Column::of("media_type", 12),
        Column::of("labels", 24),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    table.row(&json::documents::document(updated))?;
    table.finish()
}
