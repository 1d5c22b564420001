//! Progress bars.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output;
use crate::cli::printable::printable;

/// How often a progress bar moves while nothing comes.
const TICK: Duration = Duration::from_millis(100);

/// A bar for a document of so many bytes, if that is known.
pub(super) fn of_document(document: &str, bytes: Option<u64>) -> ProgressBar {
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

/// A bar for many documents, which are done several at once.
pub(super) fn of_documents(documents: usize) -> ProgressBar {
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
