//! Connects the background jobs of an instance, and the workers of uploads that run without their clients.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::audit::retention::AuditRetention;
use crate::application::maintenance::lease::Lease;
use crate::application::maintenance::runner::Runner;
use crate::application::ports::jobs::Work;
use crate::application::server_uploads::import_source::Files;
use crate::application::server_uploads::rechunk_source::Versions;
use crate::application::server_uploads::source::SourceProvider;
use crate::application::server_uploads::worker::UploadWorker;
use crate::bootstrap::wiring::Wiring;

impl Wiring {
    /// Returns the runner of background jobs.
    pub(super) fn runner(&self) -> Runner {
        Runner {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            lease: self.lease.clone(),
            clock: Arc::clone(&self.clock),
            work: Arc::clone(&self.work),
            retention: self.retention,
            audit: AuditRetention {
                store: Arc::clone(&self.store),
                signer: self.signer.clone(),
                kept: self.audit_kept,
            },
        }
    }

    /// Returns the worker of rechunks, which run without their clients.
    pub(super) fn rechunk_worker(&self) -> UploadWorker {
        let store = Arc::clone(&self.store);
        // A lease of its own, so that an instance without a tokenizer does not keep it from those with one.
        let lease = Lease::new(Arc::clone(&store), self.clock.as_ref(), Work::Rechunks);
        let source = Arc::new(Versions { store });
        self.upload_worker(source, lease, &self.rechunk_asked)
    }

    /// Returns the worker of imports. `None` if this instance has no import root.
    pub(super) fn import_worker(&self) -> Option<UploadWorker> {
        let root = Arc::clone(self.root.as_ref()?);
        let store = Arc::clone(&self.store);
        // A lease of its own, so that an instance without a root does not keep it from those with one.
        let lease = Lease::new(Arc::clone(&store), self.clock.as_ref(), Work::Imports);
        let source = Arc::new(Files { store, root });
        Some(self.upload_worker(source, lease, &self.import_asked))
    }

    fn upload_worker(
        &self,
        source: Arc<dyn SourceProvider>,
        lease: Lease,
        asked: &Arc<Notify>,
    ) -> UploadWorker {
        UploadWorker {
            source,
            uploads: self.uploads(),
            lease,
            asked: Arc::clone(asked),
            poll_interval: self.retention.sweep_every,
        }
    }
}
