//! Appends recorded events to the instance's chain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::audit::chain_signer::{ChainSigner, SignedPosition};
use crate::application::audit::recorder::Recorder;
use crate::application::ports::store::Store;
use crate::domain::audit::{Entry, Event, Head};
use crate::domain::ingest::digest::hex;
use crate::domain::names::uid::ChainUid;

/// The most events of a batch: one takes the store's writer some milliseconds.
const BATCH_MAX: usize = 512;
/// The time for which events are gathered into a batch, so that the store has few transactions. A killed instance
/// loses the events of the last 250 ms and the refusals of the current minute.
const GATHER: Duration = Duration::from_millis(250);
/// The longest time between two checks for sums of a minute that is over.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The time after which a failed batch is retried.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The most attempts to write a batch once the shutdown has begun.
const LAST_TRIES: u32 = 3;
/// The interval at which the head is logged, so that another system has a copy of it.
const EXPORT_EVERY: Duration = Duration::from_mins(1);

/// The writer of the audit log.
#[derive(Debug)]
pub struct Writer {
    recorder: Recorder,
    taken: mpsc::Receiver<Event>,
    store: Arc<dyn Store>,
    signer: ChainSigner,
    head: Head,
    exported: (u64, Instant),
}

impl Writer {
    /// Creates a writer of a new chain.
    #[must_use]
    pub fn new(
        (recorder, taken): (Recorder, mpsc::Receiver<Event>),
        store: Arc<dyn Store>,
        signer: ChainSigner,
        chain: ChainUid,
    ) -> Self {
        Self {
            recorder,
            taken,
            store,
            signer,
            head: Head::new(chain),
            exported: (0, Instant::now()),
        }
    }

    /// Writes batches until `over` is cancelled, and then the remaining events.
    pub async fn run(mut self, over: CancellationToken) {
        while !over.is_cancelled() {
            let events = self.gather(&over).await;
            if !self.append(events, &over).await {
                return;
            }
            self.export(false);
        }
        let mut rest = self.recorder.last_sums();
        // The shutdown has begun, so no more events are queued.
        while let Ok(event) = self.taken.try_recv() {
            rest.push(event);
        }
        for events in rest.chunks(BATCH_MAX) {
            if !self.append(events.to_vec(), &over).await {
                return;
            }
        }
        self.export(true);
    }

    /// Waits for an event, then gathers more for [`GATHER`].
    async fn gather(&mut self, over: &CancellationToken) -> Vec<Event> {
        let mut events = Vec::new();
        tokio::select! {
            _count = self.taken.recv_many(&mut events, BATCH_MAX) => {
                tokio::select! {
                    () = tokio::time::sleep(GATHER) => {}
                    () = over.cancelled() => {}
                }
                while events.len() < BATCH_MAX
                    && let Ok(event) = self.taken.try_recv()
                {
                    events.push(event);
                }
            }
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
            () = over.cancelled() => {}
        }
        events.extend(self.recorder.sums());
        events
    }

    /// Appends events, and retries until the store has them. Returns `false` if it gave up. The caller must append
    /// nothing after that: the store may have the entries although the answer was lost.
    async fn append(&mut self, events: Vec<Event>, over: &CancellationToken) -> bool {
        if events.is_empty() {
            return true;
        }
        let mut head = self.head;
        let entries = events.into_iter().map(|event| head.append(event));
        let entries = entries.collect::<Vec<Entry>>();
        let sealed = self.signer.sign(SignedPosition::Head, head);
        let mut last_tries = 0;
        while let Err(error) = self.store.append_audit(&entries, &sealed).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the audit log could not be written"
            );
            last_tries += u32::from(over.is_cancelled());
            if last_tries == LAST_TRIES {
                tracing::error!(entries = entries.len(), "entries of the audit log are lost");
                return false;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        metrics::counter!("sluice_audit_entries_total").increment(entries.len() as u64);
        self.head = head;
        true
    }

    /// Logs the head once a minute and at the end. A copy of the log in another system proves whether the chain still
    /// contains that entry.
    fn export(&mut self, is_last: bool) {
        let (seq, at) = self.exported;
        if self.head.seq > seq && (is_last || at.elapsed() >= EXPORT_EVERY) {
            tracing::info!(
                audit.chain = hex(self.head.chain.bytes()),
                audit.seq = self.head.seq,
                audit.hash = hex(&self.head.hash),
                "audit chain head"
            );
            self.exported = (self.head.seq, Instant::now());
        }
    }
}
