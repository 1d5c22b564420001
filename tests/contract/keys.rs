//! Tenants and API keys.

use sluice::application::caller::Caller;
use sluice::application::ports::collections::Written;
use sluice::application::ports::keys::{Created, Key, KeyKind};
use sluice::application::ports::store::Store;
use sluice::application::ports::tenants::Removed;
use sluice::domain::identity::role::Role;
use sluice::domain::names::resource::{CollectionId, Principal, TenantId};

use crate::world::{at, collection, new_upload, start};

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn key(number: u8, of: &str, lookup: &str) -> Key {
    Key {
        uid: [number; 16].into(),
        tenant: tenant(of),
        principal: Principal::parse("somebody@example.org").unwrap(),
        role: Role::Writer,
        kind: KeyKind::Secret,
        lookup: lookup.to_owned(),
        digest: [number; 32],
        created_at: at(1),
        expires_at: Some(at(100)),
        revoked_at: None,
    }
}

async fn found(store: &dyn Store, lookup: &str) -> Option<Key> {
    let mut keys = store.find_keys(&[lookup.to_owned()]).await.unwrap();
    assert!(keys.len() <= 1);
    keys.pop()
}

pub(crate) async fn a_tenant_is_created_once_and_deleted_when_it_is_empty(store: &dyn Store) {
    start(store, &new_upload(1, "d")).await;
    let default = TenantId::default();
    assert!(store.tenant(&default).await.unwrap().is_some());
    assert_eq!(
        store.delete_tenant(&default).await.unwrap(),
        Removed::NotEmpty
    );
    let id = tenant("acme");
    assert_eq!(store.tenant(&id).await.unwrap(), None);
    assert_eq!(store.delete_tenant(&id).await.unwrap(), Removed::NotFound);
    assert!(store.create_tenant(&id, at(7)).await.unwrap());
    assert!(!store.create_tenant(&id, at(8)).await.unwrap());
    let names = |list: Vec<sluice::application::ports::tenants::Tenant>| {
        let names = list.into_iter().map(|tenant| tenant.id.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names(store.tenants("", 10).await.unwrap()),
        ["acme", "default"]
    );
    assert_eq!(names(store.tenants("acme", 10).await.unwrap()), ["default"]);
    assert_eq!(names(store.tenants("", 1).await.unwrap()), ["acme"]);
    for (disabled, now, since) in [(true, 9, Some(9)), (true, 10, Some(9)), (false, 11, None)] {
        let changed = store.disable_tenant(&id, disabled, at(now)).await.unwrap();
        let changed = changed.unwrap();
        assert_eq!(
            (changed.created_at, changed.disabled_at),
            (at(7), since.map(at))
        );
        assert_eq!(store.tenant(&id).await.unwrap(), Some(changed));
    }
    let none = store.disable_tenant(&tenant("none"), true, at(9)).await;
    assert_eq!(none.unwrap(), None);
    let made = store.create_key(&key(1, "acme", "a")).await.unwrap();
    assert_eq!(made, Created::Stored);
    let of_acme = Caller::of_tenant(tenant("acme"));
    let mut unused = collection();
    (unused.uid, unused.id) = ([8; 16].into(), CollectionId::default());
    let created = store
        .create_collection(&of_acme, &unused, &[0; 32])
        .await
        .unwrap();
    assert!(matches!(created, Written::Collection(_)));
    assert_eq!(store.delete_tenant(&id).await.unwrap(), Removed::Gone);
    assert_eq!(store.tenant(&id).await.unwrap(), None);
    let gone = store.collection(&of_acme, &unused.id).await.unwrap();
    assert_eq!(gone, None, "the unused default collection is deleted too");
    assert_eq!(
        found(store, "a").await,
        None,
        "the keys of the tenant are deleted"
    );
    assert_eq!(collection().revision, 1);
}

pub(crate) async fn a_key_is_found_until_it_is_revoked_or_its_tenant_disabled(store: &dyn Store) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let first = key(1, "acme", "a");
    assert_eq!(store.create_key(&first).await.unwrap(), Created::NoTenant);
    for id in [&acme, &other] {
        assert!(store.create_tenant(id, at(1)).await.unwrap());
    }
    assert_eq!(store.create_key(&first).await.unwrap(), Created::Stored);
    let taken = store.create_key(&key(2, "other", "a")).await.unwrap();
    assert_eq!(taken, Created::Taken);
    assert_eq!(found(store, "a").await, Some(first.clone()));
    assert_eq!(found(store, "A").await, None);
    assert_eq!(
        store.key(&acme, &[1; 16].into()).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(store.key(&other, &[1; 16].into()).await.unwrap(), None);
    store.disable_tenant(&acme, true, at(2)).await.unwrap();
    assert_eq!(found(store, "a").await, None);
    store.disable_tenant(&acme, false, at(3)).await.unwrap();
    assert_eq!(found(store, "a").await, Some(first));
    assert_eq!(
        store
            .revoke_key(&other, &[1; 16].into(), at(4))
            .await
            .unwrap(),
        None
    );
    for now in [5, 6] {
        let revoked = store
            .revoke_key(&acme, &[1; 16].into(), at(now))
            .await
            .unwrap();
        assert_eq!(revoked.unwrap().revoked_at, Some(at(5)));
    }
    assert_eq!(found(store, "a").await, None);
    let again = store.create_key(&key(2, "other", "a")).await.unwrap();
    assert_eq!(
        again,
        Created::Stored,
        "a revoked key does not block its lookup"
    );
}

pub(crate) async fn keys_are_listed_and_operators_known(store: &dyn Store) {
    let acme = tenant("acme");
    assert!(store.create_tenant(&acme, at(1)).await.unwrap());
    for number in [3, 1, 2] {
        let new = key(number, "acme", &number.to_string());
        assert_eq!(store.create_key(&new).await.unwrap(), Created::Stored);
    }
    let list = store.keys(&acme, &[1; 16].into(), 10).await.unwrap();
    let uids = list.iter().map(|key| key.uid).collect::<Vec<_>>();
    assert_eq!(uids, [[2; 16].into(), [3; 16].into()]);
    assert_eq!(
        store.keys(&acme, &[0; 16].into(), 1).await.unwrap().len(),
        1
    );
    let asked = ["3", "none", "1"].map(str::to_owned);
    let found_two = store.find_keys(&asked).await.unwrap();
    let mut lookups = found_two
        .iter()
        .map(|key| key.lookup.as_str())
        .collect::<Vec<_>>();
    lookups.sort_unstable();
    assert_eq!(lookups, ["1", "3"]);
    assert_eq!(store.find_keys(&[]).await.unwrap(), []);
    assert_eq!(
        store
            .keys(&tenant("other"), &[0; 16].into(), 9)
            .await
            .unwrap(),
        []
    );
    assert!(!store.has_operator_key(at(2)).await.unwrap());
    let operator = Key {
        role: Role::Operator,
        kind: KeyKind::Certificate,
        ..key(9, "default", "9")
    };
    assert_eq!(store.create_key(&operator).await.unwrap(), Created::Stored);
    assert_eq!(found(store, "9").await, Some(operator.clone()));
    assert!(store.has_operator_key(at(99)).await.unwrap());
    assert!(
        !store.has_operator_key(at(100)).await.unwrap(),
        "the operator key has expired"
    );
    store
        .revoke_key(&operator.tenant, &operator.uid, at(5))
        .await
        .unwrap();
    assert!(!store.has_operator_key(at(6)).await.unwrap());
}
