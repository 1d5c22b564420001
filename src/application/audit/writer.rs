//! Appends what was recorded to the instance's chain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::audit::chain_signer::{Place, Seal};
use crate::application::audit::recorder::Recorder;
use crate::application::ports::clock::Uid;
use crate::application::ports::store::Store;
use crate::domain::audit::{Entry, Event, Head};
use crate::domain::ingest::digest::hex;

/// Entries of a batch: some milliseconds of the store's writer.
const BATCH_MAX: usize = 512;
/// How long events wait for others, so that the store has few transactions: what an instance that is killed
/// loses of its log, besides the refusals of the minute.
const GATHER: Duration = Duration::from_millis(250);
/// How often it is looked for sums of a minute that is over.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long after a failure the batch is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often, once the instance stops.
const LAST_TRIES: u32 = 3;
/// How often the head is logged, so that it is known elsewhere too.
const EXPORT_EVERY: Duration = Duration::from_mins(1);

/// Writes the log.
#[derive(Debug)]
pub struct Writer {
    recorder: Recorder,
    taken: mpsc::Receiver<Event>,
    store: Arc<dyn Store>,
    seal: Seal,
    head: Head,
    exported: (u64, Instant),
}

impl Writer {
    /// A writer of a new chain.
    #[must_use]
    pub fn new(
        (recorder, taken): (Recorder, mpsc::Receiver<Event>),
        store: Arc<dyn Store>,
        seal: Seal,
        chain: Uid,
    ) -> Self {
        Self {
            recorder,
            taken,
            store,
            seal,
            head: Head::new(chain),
            exported: (0, Instant::now()),
        }
    }

    /// Writes until `over` is cancelled, and then what there is.
    pub async fn run(mut self, over: CancellationToken) {
        while !over.is_cancelled() {
            let events = self.gather(&over).await;
            if !self.append(events, &over).await {
                return;
            }
            self.export(false);
        }
        let mut rest = self.recorder.last_sums();
        // The queue has an end, and nobody puts anything in any more.
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

    /// Waits for events, and a moment for more.
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
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = over.cancelled() => {}
        }
        events.extend(self.recorder.sums());
        events
    }

    /// Appends events, however often that has to be tried; returns whether it was done in the end. If not,
    /// nothing may be appended any more: they may be there, and only the answer lost.
    async fn append(&mut self, events: Vec<Event>, over: &CancellationToken) -> bool {
        if events.is_empty() {
            return true;
        }
        let mut head = self.head;
        let entries = events.into_iter().map(|event| head.append(event));
        let entries = entries.collect::<Vec<Entry>>();
        let sealed = self.seal.seal(Place::Head, head);
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

    /// Logs the head now and then, and in the end: whoever keeps logs elsewhere can tell whether the chain
    /// still has it.
    fn export(&mut self, is_last: bool) {
        let (seq, at) = self.exported;
        if self.head.seq > seq && (is_last || at.elapsed() >= EXPORT_EVERY) {
            tracing::info!(
                audit.chain = hex(&self.head.chain),
                audit.seq = self.head.seq,
                audit.hash = hex(&self.head.hash),
                "the audit log has come so far"
            );
            self.exported = (self.head.seq, Instant::now());
        }
    }
}
