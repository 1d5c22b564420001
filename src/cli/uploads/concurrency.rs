//! Processes several documents of a command at the same time.

use futures_util::StreamExt;
use futures_util::stream;
use indicatif::ProgressBar;

use crate::cli::terminal::progress;

/// Documents sent concurrently. More are not faster, and each holds 5 MiB.
const DOCUMENTS_AT_ONCE: usize = 8;

/// Processes the documents, several concurrently, and passes on each result as it arrives. `shows_progress` draws one
/// progress bar for all of them.
pub(crate) async fn each<T, F, R>(
    documents: Vec<T>,
    shows_progress: bool,
    work: impl FnMut(T) -> F,
    mut result: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()>
where
    F: Future<Output = R>,
{
    let bar = if shows_progress {
        progress::of_documents(documents.len())
    } else {
        ProgressBar::hidden()
    };
    let mut done = stream::iter(documents)
        .map(work)
        .buffer_unordered(DOCUMENTS_AT_ONCE);
    while let Some(one) = done.next().await {
        bar.inc(1);
        result(one)?;
    }
    bar.finish_and_clear();
    Ok(())
}
