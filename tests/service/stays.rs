//! Who was let in stays as long as it would be let in again, and no longer.

use std::time::Duration;

use serde_json::json;
use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;

use crate::private;
use crate::support::access::Guarded;
use crate::support::cluster::proxied;
use crate::support::watcher::Watcher;
use crate::tokens::{Signer, believing, but, now, publish};

/// More than one query asks for.
const KEYS: usize = 510;
/// By then a look has failed: it begins within 1.5 s, and waits 5 s for a connection to the store.
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
    // It has expired, and is believed for the last of the 60 seconds by which clocks may differ.
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
async fn of_many_keys_those_that_are_revoked_lose_their_sockets_and_no_others() {
    let world = Guarded::start_with(|config, _| {
        config.limits.places.sockets = u32::try_from(KEYS).unwrap();
        config.limits.rates.admin.burst = u32::try_from(2 * KEYS).unwrap();
        // Nobody answers pings while the others come.
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
        // So many that no query asks for all of them.
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

/// That nobody can be asked is no reason to send somebody away.
#[tokio::test]
async fn a_store_that_is_gone_sends_nobody_away() {
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
