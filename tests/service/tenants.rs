//! Tenants and keys, as operators and admins manage them.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::admin_service_client::AdminServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tonic::{Code, Status};

use crate::support::access::Guarded;
use crate::support::world::{metadata, reason};

fn told<T: std::fmt::Debug>(answered: Result<T, Status>) -> (Code, String) {
    let status = answered.unwrap_err();
    (status.code(), reason(&status))
}

fn named(id: &str) -> String {
    format!("tenants/{id}")
}

async fn disable(world: &Guarded, id: &str, disabled: bool) -> Result<bool, Status> {
    let name = named(id);
    let updated = world
        .admin()
        .update_tenant(pb::UpdateTenantRequest {
            name,
            disabled: Some(disabled),
            quotas: None,
        })
        .await?;
    Ok(updated.into_inner().tenant.unwrap().disabled)
}

async fn delete(world: &Guarded, id: &str) -> Result<(), Status> {
    let name = named(id);
    let mut admin = world.admin();
    let deleted = admin.delete_tenant(pb::DeleteTenantRequest { name });
    deleted.await.map(|_| ())
}

#[tokio::test]
async fn a_tenant_is_created_disabled_enabled_and_deleted() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let mut admin = world.admin();
    let again = admin.create_tenant(pb::CreateTenantRequest {
        tenant_id: "acme".to_owned(),
    });
    assert_eq!(told(again.await).1, "ALREADY_EXISTS");
    let (_, key) = world.key("acme", pb::Role::Writer).await;
    let mut collections = CollectionServiceClient::new(world.by(&key));
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    collections.create_collection(request).await.unwrap();
    let enabled = (Code::FailedPrecondition, "TENANT_ENABLED".to_owned());
    assert_eq!(told(delete(&world, "acme").await), enabled);
    assert!(disable(&world, "acme", true).await.unwrap());
    assert_eq!(
        told(delete(&world, "acme").await),
        enabled,
        "a key may still be accepted for some seconds"
    );
    tokio::time::sleep(std::time::Duration::from_millis(5_100)).await;
    let list = pb::ListCollectionsRequest::default();
    let refused = collections.list_collections(list.clone()).await;
    assert_eq!(told(refused).1, "CREDENTIAL_REFUSED");
    let not_empty = (Code::FailedPrecondition, "TENANT_NOT_EMPTY".to_owned());
    assert_eq!(told(delete(&world, "acme").await), not_empty);
    assert!(!disable(&world, "acme", false).await.unwrap());
    let listed = collections.list_collections(list).await.unwrap();
    let listed = listed.into_inner().collections;
    let names = listed.iter().map(|collection| collection.name.as_str());
    let expected = ["collections/c", "collections/default"];
    assert!(names.eq(expected), "no collection was lost");
    world.tenant("empty").await;
    disable(&world, "empty", true).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5_100)).await;
    delete(&world, "empty").await.unwrap();
    assert_eq!(told(delete(&world, "empty").await).0, Code::NotFound);
    for refused in [
        delete(&world, "default").await,
        disable(&world, "default", true).await.map(|_| ()),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(
            metadata(&refused, "field"),
            "name",
            "the operators belong to this tenant"
        );
    }
}

#[tokio::test]
async fn tenants_and_keys_are_listed_in_pages_of_their_own() {
    let world = Guarded::start().await;
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
    }
    let mut admin = world.admin();
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = admin.list_tenants(pb::ListTenantsRequest {
            page_size: 1,
            page_token,
        });
        let page = page.await.unwrap().into_inner();
        names.extend(page.tenants.into_iter().map(|tenant| tenant.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["acme", "default", "umbrella"].map(named));
    for _ in 0..3 {
        world.key("acme", pb::Role::Reader).await;
    }
    let page = async |parent: &str, page_token: String| {
        let request = pb::ListApiKeysRequest {
            parent: named(parent),
            page_size: 2,
            page_token,
        };
        let page = world.admin().list_api_keys(request).await;
        page.map(tonic::Response::into_inner)
    };
    let first = page("acme", String::new()).await.unwrap();
    assert_eq!(first.api_keys.len(), 2);
    let token = first.next_page_token;
    let second = page("acme", token.clone()).await.unwrap();
    assert_eq!(
        (second.api_keys.len(), second.next_page_token.as_str()),
        (1, "")
    );
    let elsewhere = page("umbrella", token.clone()).await.unwrap_err();
    assert_eq!(metadata(&elsewhere, "field"), "page_token");
    let missing = page("none", String::new()).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

/// An admin creates and revokes keys up to its own role, in its own tenant.
#[tokio::test]
async fn admins_create_and_revoke_keys_only_up_to_their_own_role() {
    let world = Guarded::start().await;
    let (_, admin) = world.key("default", pb::Role::Admin).await;
    let (operator, _) = world.key("default", pb::Role::Operator).await;
    let mut client = AdminServiceClient::new(world.by(&admin));
    let request = |role: pb::Role| pb::CreateApiKeyRequest {
        parent: named("default"),
        principal: "somebody".to_owned(),
        role: role.into(),
        ..Default::default()
    };
    let made = client
        .create_api_key(request(pb::Role::Admin))
        .await
        .unwrap();
    let made = made.into_inner().api_key.unwrap().name;
    let too_low = (Code::PermissionDenied, "ROLE_TOO_LOW".to_owned());
    let refused = client.create_api_key(request(pb::Role::Operator)).await;
    assert_eq!(told(refused), too_low);
    let revoke = |name: &str| pb::RevokeApiKeyRequest {
        name: name.to_owned(),
    };
    assert_eq!(
        told(client.revoke_api_key(revoke(&operator)).await),
        too_low
    );
    for _ in 0..2 {
        let revoked = client.revoke_api_key(revoke(&made)).await.unwrap();
        assert!(revoked.into_inner().api_key.unwrap().revoke_time.is_some());
    }
    let wrong = [
        ("role", request(pb::Role::Unspecified)),
        (
            "principal",
            pb::CreateApiKeyRequest {
                principal: "two words".to_owned(),
                ..request(pb::Role::Reader)
            },
        ),
        (
            "ttl",
            pb::CreateApiKeyRequest {
                ttl: Some(prost_types::Duration::default()),
                ..request(pb::Role::Reader)
            },
        ),
        (
            "certificate_sha256",
            pb::CreateApiKeyRequest {
                certificate_sha256: vec![1; 31].into(),
                ..request(pb::Role::Reader)
            },
        ),
    ];
    for (field, request) in wrong {
        let refused = client.create_api_key(request).await.unwrap_err();
        assert_eq!(metadata(&refused, "field"), field);
    }
}
