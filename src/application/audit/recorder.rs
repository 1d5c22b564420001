//! Accepts events of calls and refusals for the audit log, and never waits.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::application::audit::refusals::Refusals;
use crate::application::caller::Caller;
use crate::application::ports::clock::Clock;
use crate::domain::audit::Event;
use crate::domain::limits::class::RateClass;

/// The most events that wait to be written: about 3 MB, or a few seconds while the store does not answer. Events
/// beyond it are lost, and their number is recorded.
const WAITING_MAX: usize = 8_192;
/// The longest recorded target, in characters: a request may name a target of any length.
const TARGET_CHARACTERS_MAX: usize = 256;
/// The results that count as refusals.
const REFUSED: [&str; 3] = ["UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"];
/// The result of the entry that counts lost events.
const LOST: &str = "LOST";

/// Whether calls of a class are recorded: those that change something. Calls that only read are not, but their
/// refusals are.
#[must_use]
pub fn is_recorded(class: RateClass) -> bool {
    match class {
        RateClass::Write | RateClass::UploadStart | RateClass::Admin => true,
        RateClass::Read | RateClass::Preview | RateClass::WatchOpen => false,
    }
}

/// A request to record, such as a call.
#[derive(Clone, Copy, Debug)]
pub struct AuditedRequest<'a> {
    /// The caller. `None` means that the caller is not known.
    pub caller: Option<&'a Caller>,
    /// The address of the client.
    pub source: Option<IpAddr>,
    /// The method.
    pub method: &'a str,
    /// The name in the request; empty if it has none.
    pub target: &'a str,
    /// The status code of the response.
    pub result: &'static str,
}

/// The audit recorder. Its clones share one queue.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    waiting: mpsc::Sender<Event>,
    lost: AtomicU64,
    /// A std mutex: never held across an await.
    refusals: Mutex<Refusals>,
}

impl Recorder {
    /// Creates a recorder, and the queue of its events.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<Event>) {
        let (waiting, taken) = mpsc::channel(WAITING_MAX);
        let inner = Inner {
            clock,
            waiting,
            lost: AtomicU64::new(0),
            refusals: Mutex::default(),
        };
        (Self(Arc::new(inner)), taken)
    }

    /// Records a call. Refusals are summed by the minute.
    pub fn record(&self, request: AuditedRequest<'_>) {
        let event = self.event(request);
        if REFUSED.contains(&request.result) {
            let over = self.refusals(|refusals| refusals.add(event));
            for sum in over {
                self.put(sum);
            }
        } else {
            self.put(event);
        }
    }

    /// Returns the sums of a minute that is over, and the number of lost events. They are to be written besides the
    /// queued events.
    pub(super) fn sums(&self) -> Vec<Event> {
        let now = self.0.clock.now();
        let mut sums = self.refusals(|refusals| refusals.turn(now));
        sums.extend(self.lost());
        sums
    }

    /// Returns the same sums for a minute that is not over.
    pub(super) fn last_sums(&self) -> Vec<Event> {
        let mut sums = self.refusals(Refusals::take);
        sums.extend(self.lost());
        sums
    }

    fn refusals<T>(&self, of: impl FnOnce(&mut Refusals) -> T) -> T {
        let refusals = self.0.refusals.lock();
        of(&mut refusals.unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, event: Event) {
        if self.0.waiting.try_send(event).is_err() {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("sluice_audit_lost_total").increment(1);
        }
    }

    fn lost(&self) -> Option<Event> {
        let count = self.0.lost.swap(0, Ordering::Relaxed);
        (count > 0).then(|| Event {
            at: self.0.clock.now(),
            tenant: String::new(),
            principal: String::new(),
            source: String::new(),
            method: String::new(),
            target: String::new(),
            result: LOST.to_owned(),
            count,
        })
    }

    fn event(&self, request: AuditedRequest<'_>) -> Event {
        let AuditedRequest {
            caller,
            source,
            method,
            target,
            result,
        } = request;
        let text =
            |of: fn(&Caller) -> &str| caller.map_or_else(String::new, |it| of(it).to_owned());
        Event {
            at: self.0.clock.now(),
            tenant: text(|caller| caller.tenant.as_str()),
            principal: text(|caller| caller.principal.as_str()),
            source: source.map_or_else(String::new, |source| source.to_string()),
            method: method.to_owned(),
            target: target
                .chars()
                .take(TARGET_CHARACTERS_MAX)
                .map(escape)
                .collect(),
            result: result.to_owned(),
            count: 1,
        }
    }
}

/// Replaces a character that could control a terminal, or that a store cannot hold.
fn escape(character: char) -> char {
    if character.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}
