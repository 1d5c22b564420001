//! A client stays connected while its credential is valid, and is disconnected soon after.

use std::time::Duration;

use serde_json::json;
use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;

use crate::private;
use crate::support::access::Guarded;
use crate::support::cluster::proxied;
use crate::support::watcher::Watcher;
use crate::tokens::{Signer, believing, but, now, publish};

/// More keys than one query checks.
const KEYS: usize = 510;
/// The time until a check has failed: it begins within 1.5 s, and waits 5 s for a connection to the store.
const LOOKED: Duration = Duration::from_secs(9);

async fn open(world: &Guarded, shown: &str) -> Watcher {
    let shown = format!("Bearer {shown}");
    let header = [("authorization", shown.as_str())];
    Watcher::open_with(world.instance.address, &header)
        .await
        .unwrap()
}

async fn is_sent_away(socket: &mut Watcher) {
    assert_eq!(socket.refusal().await, "CREDENTIAL_REFUSED");
    assert_eq!(socket.closed().await, 4401);
}

async fn revoke(world: &Guarded, name: String) {
    let request = pb::RevokeApiKeyRequest { name };
    world.admin().revoke_api_key(request).await.unwrap();
}

#[tokio::test]
async fn a_token_that_expires_or_whose_tenant_is_disabled_closes_its_sockets() {
    let signer = Signer::elliptic("one");
    let world = Guarded::start_with(|config, folder| {
        publish(folder, &[&signer]);
        believing(config, folder);
    })
    .await;
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
    }
    let of_acme = signer.sign(&but("exp", json!(now() + 300)));
    let of_umbrella = signer.sign(&but("tenant", json!("umbrella")));
    let mut of_acme = open(&world, &of_acme).await;
    let mut of_umbrella = open(&world, &of_umbrella).await;
    // An expired token that is accepted a little longer, because clocks may differ by 60 seconds.
    let expiring = signer.sign(&but("exp", json!(now() - 48)));
    let mut expiring = open(&world, &expiring).await;
    assert!(expiring.is_quiet().await);
    is_sent_away(&mut expiring).await;
    assert!(of_acme.is_quiet().await && of_umbrella.is_quiet().await);
    let disabled = pb::UpdateTenantRequest {
        name: "tenants/acme".to_owned(),
        disabled: Some(true),
        quotas: None,
    };
    world.admin().update_tenant(disabled).await.unwrap();
    is_sent_away(&mut of_acme).await;
    assert!(of_umbrella.is_quiet().await);
}

#[tokio::test]
async fn of_many_keys_only_the_revoked_ones_lose_their_sockets() {
    let world = Guarded::start_with(|config, _| {
        config.limits.concurrency.sockets = u32::try_from(KEYS).unwrap();
        config.limits.rates.admin.burst = u32::try_from(2 * KEYS).unwrap();
        // The sockets answer no pings while the others are opened.
        config.web.ping_every_seconds = 600;
    })
    .await;
    world.tenant("acme").await;
    let mut all = Vec::new();
    for _ in 0..KEYS {
        let (name, key) = world.key("acme", pb::Role::Reader).await;
        all.push((name, open(&world, &key).await));
    }
    let (mut kept, mut revoked) = (Vec::new(), Vec::new());
    for (at, (name, socket)) in all.into_iter().enumerate() {
        // The revoked keys are spread so that no single query checks all of them.
        if at % 2 == 0 {
            revoke(&world, name).await;
            revoked.push(socket);
        } else {
            kept.push(socket);
        }
    }
    for socket in &mut revoked {
        is_sent_away(socket).await;
    }
    for socket in &mut kept {
        assert!(socket.is_quiet().await);
    }
}

/// A check that fails because the store is unavailable disconnects no client.
#[tokio::test]
async fn an_unavailable_store_disconnects_no_client() {
    let cluster = private::cluster();
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let (proxy, store) = proxied(&cluster, &database).await;
    let signer = Signer::elliptic("one");
    let world = Guarded::start_with(|config, folder| {
        config.store.location = store.into();
        publish(folder, &[&signer]);
        believing(config, folder);
    })
    .await;
    world.tenant("acme").await;
    let (name, key) = world.key("acme", pb::Role::Reader).await;
    let token = signer.sign(&but("exp", json!(now() + 300)));
    let (mut socket, mut by_token) = (open(&world, &key).await, open(&world, &token).await);
    assert!(socket.is_quiet().await && by_token.is_quiet().await);
    proxy.stall(true);
    proxy.cut_all();
    tokio::time::sleep(LOOKED).await;
    assert!(socket.is_quiet().await && by_token.is_quiet().await);
    proxy.stall(false);
    revoke(&world, name).await;
    is_sent_away(&mut socket).await;
    assert!(by_token.is_quiet().await);
}
