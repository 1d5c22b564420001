//! The audit log: events with their caller, source address and result, in hash chains.
//!
//! Each instance has its own chain. The hash of an entry covers the entry before, so an entry cannot be changed,
//! removed or inserted without changing all later ones. The newest entry is the *head* of the chain (Schneier and
//! Kelsey, "Secure Audit Logs to Support Computer Forensics", 1999).

use crate::domain::ingest::digest::Running;
use crate::domain::names::uid::ChainUid;
use crate::domain::timestamp::Timestamp;

/// A SHA-256 digest of a chain up to an entry.
pub type Hash = [u8; 32];

/// The hash that the first entry covers, in place of an entry before it.
pub const START: Hash = [0; 32];

/// An action that was executed or rejected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The time. For aggregated refusals, the start of their minute.
    pub at: Timestamp,
    /// The tenant of the data; empty if the caller is unknown.
    pub tenant: String,
    /// The caller; empty if unknown.
    pub principal: String,
    /// The address of the caller.
    pub source: String,
    /// The method: `/sluice.v1.Service/Method`.
    pub method: String,
    /// The resource as the request named it; empty if it named none.
    pub target: String,
    /// The status code of the answer, such as `OK` or `PERMISSION_DENIED`.
    pub result: String,
    /// The number of occurrences, from 1. The refusals of a minute are one event.
    pub count: u64,
}

/// An event with its position in a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The id of the chain.
    pub chain: ChainUid,
    /// The number of the entry in the chain, from 1.
    pub seq: u64,
    /// The event.
    pub event: Event,
    /// The digest of the chain up to this entry.
    pub hash: Hash,
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// The id of the chain.
    pub chain: ChainUid,
    /// The number of its newest entry; 0 if the chain is empty.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
}

impl Head {
    /// Creates an empty chain.
    #[must_use]
    pub fn new(chain: ChainUid) -> Self {
        Self {
            chain,
            seq: 0,
            hash: START,
        }
    }

    /// Appends an event, which becomes the head.
    pub fn append(&mut self, event: Event) -> Entry {
        self.seq += 1;
        self.hash = link(self, &event);
        Entry {
            chain: self.chain,
            seq: self.seq,
            event,
            hash: self.hash,
        }
    }

    /// Advances to the next entry. Returns `false` if it is not the entry that follows this head.
    #[must_use]
    pub fn follow(&mut self, entry: &Entry) -> bool {
        let expected = self.append(entry.event.clone());
        expected == *entry
    }
}

/// Returns the hash of an event that follows `head.hash`, with the number `head.seq`. Each text is preceded by its
/// length, so that bytes cannot move from one text to another.
fn link(head: &Head, event: &Event) -> Hash {
    let Event {
        at,
        tenant,
        principal,
        source,
        method,
        target,
        result,
        count,
    } = event;
    let mut digest = Running::default();
    digest.update(&head.hash);
    digest.update(head.chain.bytes());
    digest.update(&head.seq.to_be_bytes());
    digest.update(&at.micros().to_be_bytes());
    digest.update(&count.to_be_bytes());
    for text in [tenant, principal, source, method, target, result] {
        digest.update(&(text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.sha256()
}

#[cfg(test)]
mod tests {
    use super::{Entry, Event, Head};
    use crate::domain::timestamp::Timestamp;

    fn event(target: &str, result: &str) -> Event {
        Event {
            at: Timestamp::from_micros(1),
            tenant: "acme".to_owned(),
            principal: "somebody".to_owned(),
            source: "127.0.0.1".to_owned(),
            method: "/sluice.v1.DocumentService/DeleteDocument".to_owned(),
            target: target.to_owned(),
            result: result.to_owned(),
            count: 1,
        }
    }

    fn is_whole(chain: &[Entry]) -> bool {
        let mut head = Head::new([7; 16].into());
        chain.iter().all(|entry| head.follow(entry))
    }

    #[test]
    fn any_change_in_a_chain_is_detected() {
        let mut head = Head::new([7; 16].into());
        let chain = ["a", "b", "c"].map(|target| head.append(event(target, "OK")));
        assert!(is_whole(&chain));
        assert_eq!((head.seq, head.hash), (3, chain[2].hash));
        let changes: [fn(&mut Event); 8] = [
            |event| event.at = Timestamp::MAX,
            |event| event.tenant.push('x'),
            |event| event.principal.push('x'),
            |event| event.source.push('x'),
            |event| event.method.push('x'),
            |event| event.target.push('x'),
            |event| event.result.push('x'),
            |event| event.count += 1,
        ];
        for change in changes {
            let mut other = chain.clone();
            change(&mut other[1].event);
            assert!(!is_whole(&other));
        }
        let [a, b, c] = chain.clone();
        assert!(!is_whole(&[a.clone(), c.clone()]), "one is missing");
        assert!(!is_whole(&[a, c, b]), "in another order");
    }

    #[test]
    fn bytes_cannot_move_from_one_text_to_another() {
        let [mut one, mut other] = [Head::new([7; 16].into()), Head::new([7; 16].into())];
        let one = one.append(event("ab", "c"));
        let other = other.append(event("a", "bc"));
        assert_ne!(one.hash, other.hash);
    }
}
