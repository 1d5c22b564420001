//! Takes what was done or refused, and never waits.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::application::audit::refusals::Refusals;
use crate::application::caller::Caller;
use crate::application::ports::clock::Clock;
use crate::domain::audit::Event;
use crate::domain::limits::class::RateClass;

/// Events that wait to be written, some 3 MB: a few seconds of a store that stands still. Of more it is
/// recorded how many were lost.
const WAITING_MAX: usize = 8_192;
/// The longest name that is recorded: what a request names may be anything.
const TARGET_CHARACTERS_MAX: usize = 256;
/// What refusals are answered with.
const REFUSED: [&str; 3] = ["UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"];
/// What is recorded where events were lost.
const LOST: &str = "LOST";

/// Whether calls of that class are recorded: all that change something. What is only read is not, but for
/// refusals.
#[must_use]
pub fn is_recorded(class: RateClass) -> bool {
    match class {
        RateClass::Write | RateClass::UploadStart | RateClass::Admin => true,
        RateClass::Read | RateClass::Preview | RateClass::WatchOpen => false,
    }
}

/// What somebody did.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// Who; none: nobody knows.
    pub caller: Option<&'a Caller>,
    /// From where.
    pub source: Option<IpAddr>,
    /// By which method.
    pub method: &'a str,
    /// What the request named.
    pub target: &'a str,
    /// The code that it was answered with.
    pub result: &'static str,
}

/// Takes deeds.
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
    /// A recorder, and what it has taken.
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

    /// Takes a deed. Refusals are summed.
    pub fn record(&self, deed: Deed<'_>) {
        let event = self.event(deed);
        if REFUSED.contains(&deed.result) {
            let over = self.refusals(|refusals| refusals.add(event));
            for sum in over {
                self.put(sum);
            }
        } else {
            self.put(event);
        }
    }

    /// What was summed of a minute that is over, and how much was lost: to be written besides what was
    /// taken.
    pub(super) fn sums(&self) -> Vec<Event> {
        let now = self.0.clock.now();
        let mut sums = self.refusals(|refusals| refusals.turn(now));
        sums.extend(self.lost());
        sums
    }

    /// The same of a minute that is not over.
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

    fn event(&self, deed: Deed<'_>) -> Event {
        let Deed {
            caller,
            source,
            method,
            target,
            result,
        } = deed;
        let text =
            |of: fn(&Caller) -> &String| caller.map_or_else(String::new, |it| of(it).clone());
        Event {
            at: self.0.clock.now(),
            tenant: text(|caller| &caller.tenant),
            principal: text(|caller| &caller.principal),
            source: source.map_or_else(String::new, |source| source.to_string()),
            method: method.to_owned(),
            target: target
                .chars()
                .take(TARGET_CHARACTERS_MAX)
                .map(shown)
                .collect(),
            result: result.to_owned(),
            count: 1,
        }
    }
}

/// A character of a name; what controls a terminal, or no store can hold, is replaced.
fn shown(character: char) -> char {
    if character.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}
