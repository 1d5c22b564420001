//! `sluice sync`: makes a collection match a folder.
//!
//! The server alone stores the state. Every run compares the folder with it, so the next run finishes one that was
//! interrupted, and resumes its uploads.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;

use crate::cli::commands::sync::removal::Deletion;
use crate::cli::commands::sync::step::Syncing;
use crate::cli::commands::sync::synced_folder::{MARK, SyncedFolder};
use crate::cli::stopping::Stopping;
use crate::cli::terminal::output::WrongArguments;
use crate::cli::uploads::concurrency;
use crate::cli::uploads::outcome::{DocumentResult, Outcome};
use crate::cli::uploads::sources::{self, Sources};
use crate::cli::uploads::stored_document::{self, Expected};
use crate::cli::uploads::uploader::{UploadArguments, Uploader, ensure_collection};
use crate::domain::names::resource::CollectionId;
use crate::interface::grpc::pb;

mod removal;
mod step;
mod synced_folder;

/// Make a collection match a folder: upload new and changed documents, several concurrently, and leave the others
/// unchanged.
///
/// A document is unchanged if its bytes, chunking and decoding are those that an upload would store, and it has the
/// labels of --label. If only the chunking differs, the server chunks the stored text again. Missing labels are added
/// without an upload; labels that other clients set stay. Ids are those of `sluice upload DIR`. Each document
/// has the label `sluice.sync-source`, which names its folder. Documents of other folders are never deleted, and
/// replaced only with `--adopt`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder. Hidden files, links and files that .gitignore or .ignore exclude are skipped.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Collection; created unless it exists.
    collection: String,
    #[command(flatten)]
    deletion: Deletion,
    /// Take over documents with the same ids that do not belong to this folder.
    #[arg(long)]
    adopt: bool,
    /// Print the changes without making them.
    #[arg(long)]
    dry_run: bool,
    /// Name of the folder within the collection, for machines whose names change, such as containers [default: a
    /// digest of this machine's name and the folder's path].
    #[arg(long, value_name = "ID")]
    source_id: Option<String>,
    #[command(flatten)]
    uploads: UploadArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = arguments.uploads.spec()?;
    let collection = collection_id(&arguments.collection).context(WrongArguments)?;
    let labels = spec.labels.unwrap_or_default().values;
    ensure!(
        !labels.contains_key(MARK),
        anyhow::anyhow!("--label: {MARK} is set by --source-id").context(WrongArguments)
    );
    let synced_folder = SyncedFolder::new(&arguments.folder, arguments.source_id.as_deref())?;
    let stopping = Stopping::listen()?;
    let all = Sources::new(sources::below(&arguments.folder), None)?;
    let spec = pb::UploadSpec {
        collection: collection.to_string(),
        labels: Some(pb::Labels {
            values: synced_folder.mark(labels),
        }),
        ..spec
    };
    let uploader = Uploader::new(&arguments.uploads, spec)?;
    let work = async {
        let syncing = compare(arguments, &uploader, collection, synced_folder, &all).await?;
        apply(arguments, &syncing, all).await
    };
    uploader
        .open_uploads
        .unless_stopped(stopping, false, work)
        .await
}

/// Queries the stored documents, and creates the collection if necessary.
async fn compare<'a>(
    arguments: &Arguments,
    uploader: &'a Uploader,
    collection: CollectionId,
    synced_folder: SyncedFolder,
    all: &Sources,
) -> anyhow::Result<Syncing<'a>> {
    let Uploader {
        channel, retries, ..
    } = uploader;
    let found = retries
        .ask(async || stored_document::collection(channel.clone(), &collection).await)
        .await?;
    let typed = &arguments.uploads.chunking;
    let decoded = &arguments.uploads.decoding;
    let expected = retries
        .ask(async || Expected::of(channel.clone(), &collection, typed, decoded, None).await)
        .await?;
    let mut own = HashMap::new();
    if found.is_some() {
        let listed = async || synced_folder.documents(channel.clone(), &collection).await;
        own = retries.ask(listed).await?;
    } else if !arguments.dry_run && !all.documents.is_empty() {
        let made = async || ensure_collection(channel.clone(), &collection).await;
        retries.ask(made).await?;
    }
    Ok(Syncing {
        uploader,
        expected,
        labels: uploader.common.labels.clone().unwrap_or_default().values,
        collection,
        synced_folder,
        own,
        adopts: arguments.adopt,
        is_dry: arguments.dry_run,
    })
}

/// Uploads, rechunks or labels the documents of the files if necessary, then deletes the documents whose files are
/// gone.
async fn apply(arguments: &Arguments, syncing: &Syncing<'_>, all: Sources) -> anyhow::Result<()> {
    let mut outcome = Outcome::new(arguments.uploads.common.output);
    let is_whole = all.failed.is_empty();
    let is_empty = all.documents.is_empty();
    let present = all.documents.iter().map(|(id, _)| id.clone());
    let present = present.collect::<HashSet<_>>();
    outcome.explain_all(DocumentResult::Skipped, all.skipped);
    outcome.explain_all(DocumentResult::Failed, all.failed);
    let one = |(id, source)| async move { syncing.step(id, source).await };
    concurrency::each(all.documents, true, one, |done| outcome.take(done)).await?;
    if arguments.deletion.delete {
        let gone = syncing.own.iter().filter(|(id, _)| !present.contains(id));
        let gone = gone
            .map(|(_, document)| document.clone())
            .collect::<Vec<_>>();
        if let Some(why) = arguments.deletion.refusal(&gone, is_whole, is_empty) {
            let line = format!("{}: {why}", arguments.folder.display());
            outcome.explain(DocumentResult::Failed, line);
        } else {
            let one = |document| async move { syncing.remove(document).await };
            concurrency::each(gone, true, one, |done| outcome.take(done)).await?;
        }
    }
    if arguments.dry_run {
        outcome.report("dry run, nothing was changed: ")
    } else {
        outcome.report("")
    }
}

fn collection_id(given: &str) -> anyhow::Result<CollectionId> {
    let id = given.strip_prefix("collections/").unwrap_or(given);
    CollectionId::parse(id).context("the collection")
}
