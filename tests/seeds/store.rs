//! A store and the use cases of uploads, as in an instance.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sluice::application::caller::Caller;
use sluice::application::events::bus::Bus;
use sluice::application::events::link::Link;
use sluice::application::memory::budget::MemoryBudget;
use sluice::application::ports::chunks::{Chunk, Chunks, VersionKey};
use sluice::application::ports::collections::{Collection, Collections};
use sluice::application::ports::documents::Documents;
use sluice::application::ports::store::Store as _;
use sluice::application::ports::uploads::Upload;
use sluice::application::rate_limit::admission::Admission;
use sluice::application::rate_limit::limits::{Limits, PrincipalLimits};
use sluice::application::spec_loader::SpecLoader;
use sluice::application::uploads::flush_timer::FlushSchedule;
use sluice::application::uploads::lifecycle::UploadLifecycle;
use sluice::application::uploads::limits::UploadLimits;
use sluice::application::uploads::services::PipelineServices;
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::limits::rate::{self, Rate};
use sluice::domain::names::resource::CollectionId;
use sluice::domain::timestamp::Timestamp;
use sluice::infrastructure::sqlite::connection::Sqlite;
use sluice::infrastructure::system_clock::System;
use sluice::infrastructure::tokenizers::folder::TokenizerFolder;
use tokio_util::task::TaskTracker;

/// One minute, which is longer than any run.
const LONG: Duration = Duration::from_mins(1);

/// Limits like the defaults of an instance, with long timeouts.
const BOUNDS: UploadLimits = UploadLimits {
    source_bytes_max: 1 << 30,
    memory_bytes_max: 40 << 20,
    waiting_bytes_max: 80 << 20,
    memory_wait_max: Duration::from_secs(5),
    idle_max: LONG,
    rate_bytes_min: 0,
    rate_window: LONG,
    slow_reader_max: LONG,
    old_version_kept: LONG,
};

/// A store in a file of its own, which [`Store::close`] removes.
pub(crate) struct Store {
    file: PathBuf,
    sqlite: Arc<Sqlite>,
    tasks: TaskTracker,
    pub(crate) uploads: UploadLifecycle,
}

impl Store {
    /// Creates a store with one collection. Its number must be unique in the process.
    pub(crate) async fn new(number: u64) -> Self {
        let name = format!("sluice-seeds-{}-{number}.db", std::process::id());
        let file = std::env::temp_dir().join(name);
        let sqlite = Arc::new(Sqlite::open(&file).await.unwrap());
        let collection = Collection {
            uid: [1; 16].into(),
            id: collection(),
            preferences: Preferences::default(),
            revision: 1,
            created_at: Timestamp::from_micros(1),
            updated_at: Timestamp::from_micros(1),
        };
        let caller = Caller::anonymous();
        sqlite
            .create_collection(&caller, &collection, &[0; 32])
            .await
            .unwrap();
        let tasks = TaskTracker::new();
        let tokenizers = TokenizerFolder::open(Path::new("")).unwrap();
        let services = PipelineServices {
            store: Arc::clone(&sqlite) as _,
            bus: Arc::new(Bus::new(Link::Alone, false)),
            clock: Arc::new(System),
            tasks: tasks.clone(),
            bounds: BOUNDS,
            specs: SpecLoader::new(Arc::new(tokenizers), 2),
            flush_schedule: FlushSchedule::default(),
        };
        let uploads = UploadLifecycle::new(
            services,
            MemoryBudget::new(
                BOUNDS.memory_bytes_max,
                BOUNDS.waiting_bytes_max,
                BOUNDS.memory_wait_max,
            ),
            admission(),
        );
        Self {
            file,
            sqlite,
            tasks,
            uploads,
        }
    }

    /// Waits for commits that outlast their client.
    pub(crate) async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Returns all chunks of an upload.
    pub(crate) async fn chunks(&self, upload: &Upload) -> Vec<Chunk> {
        let of = VersionKey {
            document: upload.document_uid,
            partition: upload.partition,
            version: upload.version,
        };
        let (caller, mut chunks) = (Caller::anonymous(), Vec::new());
        loop {
            let from = chunks.len() as u64;
            let page = self.sqlite.chunks(&caller, of, from, 1_000).await.unwrap();
            if page.is_empty() {
                return chunks;
            }
            chunks.extend(page);
        }
    }

    /// Whether readers see a version of an upload's document.
    pub(crate) async fn is_seen(&self, upload: &Upload) -> bool {
        let caller = Caller::anonymous();
        let document = self
            .sqlite
            .document(&caller, &upload.document)
            .await
            .unwrap();
        document.is_some_and(|document| document.current.is_some())
    }

    pub(crate) async fn close(self) {
        self.sqlite.close().await;
        for suffix in ["", "-wal", "-shm"] {
            let _absent = fs::remove_file(format!("{}{suffix}", self.file.display()));
        }
    }
}

/// Returns the id of the only collection.
pub(crate) fn collection() -> CollectionId {
    CollectionId::parse("c").unwrap()
}

/// Returns an admission with limits that no run reaches.
fn admission() -> Admission {
    let rate = Rate::new(rate::PER_SECOND_MAX, rate::BURST_MAX);
    let limits = Limits::of(PrincipalLimits::each(rate, rate::BURST_MAX), rate);
    Admission::new(limits, None, [0; 16].into())
}
