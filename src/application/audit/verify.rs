//! Verifies the audit log: finds entries that were changed or removed.

use crate::application::audit::chain_signer::{ChainSigner, SignedPosition};
use crate::application::ports::audit::Chain;
use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::domain::audit::Head;
use crate::domain::names::uid::ChainUid;

/// Entries read at a time.
const PAGE_ROWS: u32 = 1_000;
/// The most times that a chain is read, if retention moves its checkpoint meanwhile.
const TRIES: u32 = 3;

/// The result of a verification.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// The number of entries that were read.
    pub entries: u64,
    /// The heads of the chains, without chains in which an entry was changed.
    pub heads: Vec<Head>,
    /// The faults of all chains. Empty means that the log is unchanged.
    pub faults: Vec<ChainFault>,
}

/// A fault of a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChainFault {
    /// The chain.
    pub chain: ChainUid,
    /// The description for people.
    pub what: String,
}

/// Reads all chains, and compares them with their signatures and with the heads that an earlier run printed
/// (`printed`).
///
/// # Errors
///
/// Fails if the store cannot be read.
pub async fn verify(
    store: &dyn Store,
    signer: &ChainSigner,
    printed: &[Head],
) -> Result<Report, Error> {
    let mut report = Report::default();
    let chains = store.audit_chains().await?;
    let is_there = |of: &Head| chains.iter().any(|chain| chain.head.head.chain == of.chain);
    for gone in printed.iter().filter(|head| !is_there(head)) {
        report.faults.push(ChainFault {
            chain: gone.chain,
            what: "the chain is gone".to_owned(),
        });
    }
    for chain in chains {
        let of_chain = printed
            .iter()
            .filter(|head| head.chain == chain.head.head.chain);
        let printed = of_chain.copied().collect::<Vec<_>>();
        let checked = check(store, signer, chain, &printed).await?;
        report.entries += checked.entries;
        report.heads.extend(checked.heads);
        report.faults.extend(checked.faults);
    }
    Ok(report)
}

/// Checks a chain. After a fault it checks the chain again if retention has moved the checkpoint meanwhile.
async fn check(
    store: &dyn Store,
    signer: &ChainSigner,
    mut chain: Chain,
    printed: &[Head],
) -> Result<Report, Error> {
    let mut tries = 1;
    loop {
        let checked = read(store, signer, &chain, printed).await?;
        if checked.faults.is_empty() || tries == TRIES {
            return Ok(checked);
        }
        let chains = store.audit_chains().await?;
        let now = chains
            .into_iter()
            .find(|now| now.head.head.chain == chain.head.head.chain);
        match now.filter(|now| now.checkpoint != chain.checkpoint) {
            Some(now) => chain = now,
            None => return Ok(checked),
        }
        tries += 1;
    }
}

async fn read(
    store: &dyn Store,
    signer: &ChainSigner,
    chain: &Chain,
    printed: &[Head],
) -> Result<Report, Error> {
    let end = chain.head.head;
    let mut checked = Checked {
        chain: end.chain,
        report: Report::default(),
    };
    let begin = chain
        .checkpoint
        .map_or_else(|| Head::new(end.chain), |sealed| sealed.head);
    if !signer.is_whole(SignedPosition::Head, &chain.head) {
        checked.fault("the head is not signed by this key");
    }
    let is_signed = |sealed| signer.is_whole(SignedPosition::Checkpoint, sealed);
    if !chain.checkpoint.as_ref().is_none_or(is_signed) {
        checked.fault("the checkpoint is not signed by this key");
    }
    if let Some(shorter) = printed.iter().find(|head| head.seq > end.seq) {
        checked.fault(&format!(
            "the chain ended with entry {} before, and now ends with {}",
            shorter.seq, end.seq
        ));
    }
    let mut head = begin;
    while head.seq < end.seq {
        let page = store.audit_entries(&end.chain, head.seq, PAGE_ROWS).await?;
        // The chain may have grown since its head was read.
        let page = page.iter().take_while(|entry| entry.seq <= end.seq);
        let page = page.collect::<Vec<_>>();
        if page.is_empty() {
            checked.fault(&format!("entries are missing after {}", head.seq));
            break;
        }
        for entry in page {
            checked.report.entries += 1;
            let expected = head.seq + 1;
            if !head.follow(entry) {
                checked.fault(&format!("entry {expected} was changed"));
                return Ok(checked.report);
            }
            checked.compare(printed, head);
        }
    }
    checked.compare(printed, begin);
    if head.seq == end.seq && head.hash != end.hash {
        checked.fault("the last entry is not the signed one");
    }
    checked.report.heads.push(end);
    Ok(checked.report)
}

/// The report of one chain.
struct Checked {
    chain: ChainUid,
    report: Report,
}

impl Checked {
    fn fault(&mut self, what: &str) {
        self.report.faults.push(ChainFault {
            chain: self.chain,
            what: what.to_owned(),
        });
    }

    /// Compares a position with the earlier heads of the same number.
    fn compare(&mut self, printed: &[Head], head: Head) {
        let other = |printed: &&Head| printed.seq == head.seq && printed.hash != head.hash;
        if printed.iter().any(|printed| other(&printed)) {
            self.fault(&format!(
                "entry {} differs from the head given for comparison",
                head.seq
            ));
        }
    }
}
