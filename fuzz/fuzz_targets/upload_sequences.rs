//! Feeds `tests/seeds/upload_sequences.rs`.

#![no_main]

#[path = "../../tests/seeds/settings.rs"]
mod settings;
#[path = "../../tests/seeds/store.rs"]
mod store;
#[path = "../../tests/seeds/upload_model.rs"]
mod upload_model;
#[path = "../../tests/seeds/upload_sequences.rs"]
mod upload_sequences;

use std::sync::{LazyLock, Mutex};

use tokio::runtime::{Builder, Runtime};
use upload_sequences::Uploads;

/// Reused by all runs, because opening a store takes longer than a run.
static KEPT: LazyLock<Mutex<(Runtime, Uploads)>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O");
    let uploads = runtime.block_on(Uploads::new());
    Mutex::new((runtime, uploads))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut kept = KEPT.lock().expect("a failed run ends the process");
    let (runtime, uploads) = &mut *kept;
    runtime.block_on(uploads.check(bytes));
});
