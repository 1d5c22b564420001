//! The audit log: entries are appended, listed, deleted from the beginning, and never changed.

use sluice::application::audit::chain_signer::{ChainSigner, SignedPosition};
use sluice::application::audit::verify::{Report, verify};
use sluice::application::ports::audit::{Sealed, Wanted};
use sluice::application::ports::jobs::{Fence, Work};
use sluice::application::ports::store::Store;
use sluice::domain::audit::{Entry, Event, Head};
use sluice::domain::names::resource::TenantId;

use crate::world::{LEASE, at};

fn event(tenant: &str, target: usize) -> Event {
    Event {
        at: at(i64::try_from(target).unwrap()),
        tenant: tenant.to_owned(),
        principal: "somebody".to_owned(),
        source: "127.0.0.1".to_owned(),
        method: "/a".to_owned(),
        target: target.to_string(),
        result: "OK".to_owned(),
        count: 1,
    }
}

fn signer() -> ChainSigner {
    ChainSigner::new(b"a secret")
}

/// Appends events to a chain in batches. Each batch is sent twice, as after a lost answer.
async fn appended(store: &dyn Store, chain: u8, tenants: &[&str]) -> (Vec<Entry>, Head) {
    let mut head = Head::new([chain; 16].into());
    let mut all = Vec::new();
    for (batch, tenants) in tenants.chunks(2).enumerate() {
        let events = tenants.iter().enumerate();
        let events = events.map(|(number, tenant)| event(tenant, batch * 2 + number + 1));
        let entries = events.map(|event| head.append(event)).collect::<Vec<_>>();
        let sealed = signer().sign(SignedPosition::Head, head);
        for _ in 0..2 {
            store.append_audit(&entries, &sealed).await.unwrap();
        }
        all.extend(entries);
    }
    (all, head)
}

async fn verified(store: &dyn Store, told: &[Head]) -> Report {
    verify(store, &signer(), told).await.unwrap()
}

pub(crate) async fn entries_are_appended_once_and_listed_by_tenant_and_time(store: &dyn Store) {
    let (one, _) = appended(store, 1, &["acme", "other", "acme", "", "acme"]).await;
    let (two, _) = appended(store, 2, &["acme"]).await;
    assert_eq!(
        store.audit_entries(&[1; 16].into(), 0, 100).await.unwrap(),
        one
    );
    assert_eq!(
        store.audit_entries(&[1; 16].into(), 2, 2).await.unwrap(),
        one[2..4]
    );
    let list = async |wanted: Wanted, rows| {
        let list = store.audit_events(&wanted, rows).await.unwrap();
        list.into_iter()
            .map(|entry| (entry.chain.bytes()[0], entry.seq))
            .collect::<Vec<_>>()
    };
    let all = [(1, 5), (1, 4), (1, 3), (1, 2), (2, 1), (1, 1)];
    assert_eq!(list(Wanted::default(), 100).await, all);
    let acme = Wanted {
        tenant: Some(TenantId::parse("acme").unwrap()),
        ..Wanted::default()
    };
    assert_eq!(
        list(acme.clone(), 100).await,
        [(1, 5), (1, 3), (2, 1), (1, 1)]
    );
    let behind = Wanted {
        behind: Some((at(3), [1; 16].into(), 3)),
        ..acme.clone()
    };
    assert_eq!(list(behind, 1).await, [(2, 1)]);
    let between = Wanted {
        since: Some(at(2)),
        until: Some(at(4)),
        ..Wanted::default()
    };
    assert_eq!(list(between, 100).await, [(1, 3), (1, 2)]);
    assert_eq!(two.len(), 1);
    let report = verified(store, &[]).await;
    assert_eq!((report.entries, report.faults), (6, vec![]));
}

pub(crate) async fn old_entries_are_deleted_and_the_rest_is_still_verified(store: &dyn Store) {
    let (entries, head) = appended(store, 1, &["a"; 7]).await;
    let fence = store
        .claim(Work::Jobs, &[1; 16].into(), LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store.audit_before(at(1), 100).await.unwrap(),
        None,
        "no entry is that old"
    );
    let mut steps = Vec::new();
    while let Some(last) = store.audit_before(at(6), 3).await.unwrap() {
        let checkpoint = signer().sign(SignedPosition::Checkpoint, last);
        let done = store
            .forget_audit(fence, &checkpoint)
            .await
            .unwrap()
            .unwrap();
        steps.push((last.seq, done.rows));
        assert_eq!(verified(store, &[head]).await.faults, vec![]);
    }
    assert_eq!(steps, [(3, 3), (5, 2)]);
    assert_eq!(
        store.audit_entries(&[1; 16].into(), 0, 9).await.unwrap(),
        entries[5..]
    );
    let report = verified(store, &[head]).await;
    assert_eq!((report.entries, report.heads), (2, vec![head]));
    let later = signer().sign(SignedPosition::Checkpoint, head);
    let old = store
        .forget_audit(Fence(fence.0 - 1), &later)
        .await
        .unwrap();
    assert_eq!(old, None, "an old fence deletes nothing");
}

pub(crate) async fn forged_and_truncated_ends_are_detected(store: &dyn Store) {
    let (entries, head) = appended(store, 1, &["a"; 5]).await;
    assert_eq!(verified(store, &[head]).await.faults, vec![]);
    let other_key = verify(store, &ChainSigner::new(b"another"), &[])
        .await
        .unwrap();
    assert_eq!(other_key.faults.len(), 1, "{:?}", other_key.faults);
    // A head without the last entry, signed with the key, contradicts a head that was reported earlier.
    let shorter = Head {
        seq: 4,
        hash: entries[3].hash,
        ..head
    };
    store
        .append_audit(&[], &signer().sign(SignedPosition::Head, shorter))
        .await
        .unwrap();
    assert_eq!(verified(store, &[]).await.faults, vec![]);
    let faults = verified(store, &[head]).await.faults;
    assert!(
        faults[0].what.contains("the chain ended with entry 5"),
        "{faults:?}"
    );
    // Without the key, the signature of the head is invalid.
    let forged = Sealed {
        head: shorter,
        mac: [0; 32],
    };
    store.append_audit(&[], &forged).await.unwrap();
    let faults = verified(store, &[]).await.faults;
    assert!(faults[0].what.contains("is not signed"), "{faults:?}");
    let gone = Head::new([9; 16].into());
    let faults = verified(store, &[gone]).await.faults;
    assert!(faults[0].what.contains("is gone"), "{faults:?}");
    let turned = Head {
        seq: 2,
        hash: [7; 32],
        ..head
    };
    let faults = verified(store, &[turned]).await.faults;
    assert!(
        faults.iter().any(|fault| fault.what.contains("entry 2")),
        "{faults:?}"
    );
}
