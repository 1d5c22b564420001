//! The audit log: what was done, by whom, from where, and how it ended, in chains of hashes.
//!
//! Each instance has a chain of its own. An entry's hash covers the one before, so that nobody changes,
//! takes out or puts in an entry without changing all after it; the newest one is the chain's *head*
//! (Schneier and Kelsey, "Secure Audit Logs to Support Computer Forensics", 1999).

use crate::domain::ingest::digest::Running;

/// A SHA-256 digest of a chain up to an entry.
pub type Hash = [u8; 32];

/// What the first entry's hash covers in place of one before.
pub const START: Hash = [0; 32];

/// What was done, or refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// When, in microseconds since 1970; of what is summed, the beginning of its minute.
    pub at: i64,
    /// Whose data it was about; empty if nobody knows who asked.
    pub tenant: String,
    /// Who asked; empty if nobody knows.
    pub principal: String,
    /// From which address.
    pub source: String,
    /// By which method: `/sluice.v1.Service/Method`.
    pub method: String,
    /// What the request named, as it named it; empty if nothing.
    pub target: String,
    /// The code that it was answered with: `OK`, `PERMISSION_DENIED`.
    pub result: String,
    /// How often, from 1: refusals of a minute are one event.
    pub count: u64,
}

/// An event in its chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Which chain.
    pub chain: [u8; 16],
    /// Its number there, from 1.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// The digest of the chain up to it.
    pub hash: Hash,
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// Which chain.
    pub chain: [u8; 16],
    /// The number of its newest entry; 0 while there is none.
    pub seq: u64,
    /// That entry's hash.
    pub hash: Hash,
}

impl Head {
    /// A chain without entries.
    #[must_use]
    pub fn new(chain: [u8; 16]) -> Self {
        Self {
            chain,
            seq: 0,
            hash: START,
        }
    }

    /// Appends an event, which is the head then.
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

    /// Goes on to the next entry, if it is the one that was appended here.
    #[must_use]
    pub fn follow(&mut self, entry: &Entry) -> bool {
        let expected = self.append(entry.event.clone());
        expected == *entry
    }
}

/// The hash of an event behind `head.hash`, as the chain's number `head.seq`. Every text is preceded by
/// its length, so that nothing of one passes as another's.
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
    digest.update(&head.chain);
    digest.update(&head.seq.to_be_bytes());
    digest.update(&at.to_be_bytes());
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

    fn event(target: &str, result: &str) -> Event {
        Event {
            at: 1,
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
        let mut head = Head::new([7; 16]);
        chain.iter().all(|entry| head.follow(entry))
    }

    #[test]
    fn whatever_is_changed_in_a_chain_is_noticed() {
        let mut head = Head::new([7; 16]);
        let chain = ["a", "b", "c"].map(|target| head.append(event(target, "OK")));
        assert!(is_whole(&chain));
        assert_eq!((head.seq, head.hash), (3, chain[2].hash));
        let changes: [fn(&mut Event); 8] = [
            |event| event.at += 1,
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
    fn nothing_of_one_text_passes_as_another_s() {
        let [mut one, mut other] = [Head::new([7; 16]), Head::new([7; 16])];
        let (one, other) = (one.append(event("ab", "c")), other.append(event("a", "bc")));
        assert_ne!(one.hash, other.hash);
    }
}
