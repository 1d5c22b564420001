//! Progress bars.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::terminal::output;
use crate::cli::terminal::printable::printable;

/// The redraw interval of a bar without progress.
const TICK: Duration = Duration::from_millis(100);

/// Returns a bar for a document. `None` as `bytes` means that the size is unknown.
pub(crate) fn of_document(document: &str, bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {msg} {bytes} {bytes_per_sec}",
        ),
    };
    let bar = bar.with_message(printable(document));
    drawn(bar, template)
}

/// Returns a bar for many documents, several of which are processed concurrently.
pub(crate) fn of_documents(documents: usize) -> ProgressBar {
    let bar = ProgressBar::new(documents as u64);
    drawn(bar, "{wide_bar} {pos}/{len} documents {eta}")
}

fn drawn(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = output::drawn(bar.with_style(style));
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    bar
}
