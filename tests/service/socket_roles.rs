//! Every frame of a WebSocket with every role, two tenants, and every way to present a credential.

use serde_json::{Value, json};
use sluice::domain::identity::role::Role;
use sluice::interface::grpc::methods;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use sluice::interface::web::ws_message::ASKED;

use crate::support::access::Guarded;
use crate::support::watcher::Watcher;
use crate::support::world::{first, name_of, spec};

const ROLES: [(Role, pb::Role); 4] = [
    (Role::Reader, pb::Role::Reader),
    (Role::Writer, pb::Role::Writer),
    (Role::Admin, pb::Role::Admin),
    (Role::Operator, pb::Role::Operator),
];

/// The way in which a client presents its credential.
#[derive(Clone, Copy, Debug)]
enum By {
    Header,
    SubProtocol,
    FirstFrame,
}

impl By {
    const ALL: [Self; 3] = [Self::Header, Self::SubProtocol, Self::FirstFrame];

    async fn open(self, world: &Guarded, key: &str) -> Result<Watcher, (u16, Value)> {
        let (shown, offered) = (
            format!("Bearer {key}"),
            format!("sluice.v1, sluice.bearer.{key}"),
        );
        let header = [("authorization", shown.as_str())];
        let protocol = [("sec-websocket-protocol", offered.as_str())];
        let headers: &[_] = match self {
            Self::Header => &header,
            Self::SubProtocol => &protocol,
            Self::FirstFrame => &[],
        };
        let mut opened = Watcher::open_with(world.instance.address, headers).await?;
        if let Self::FirstFrame = self {
            opened
                .tell(json!({ "type": "authenticate", "token": key }))
                .await;
        }
        Ok(opened)
    }
}

/// Starts an upload of a tenant, and returns the name of its operation.
async fn running(world: &Guarded, writer: &str) -> String {
    let upload = spec("d");
    let messages = tokio_stream::iter(vec![first(&upload, b"some text")]);
    let mut uploads = UploadServiceClient::new(world.by(writer));
    uploads.upload_document(messages).await.unwrap();
    name_of(&upload).replace("uploads", "operations")
}

/// Returns the role that a frame needs: that of the equivalent method. `None` means any role. An unknown type of
/// frame
/// fails the test.
fn needed(kind: &str) -> Option<Role> {
    let method = match kind {
        "subscribe" => "WatchOperation",
        "cancel" => "CancelOperation",
        "unsubscribe" | "authenticate" => return None,
        other => unreachable!("no role is known for {other}"),
    };
    let path = format!("/sluice.v1.OperationService/{method}");
    methods::at(&path).map(|method| method.role)
}

fn said(kind: &str, operation: &str) -> Value {
    match kind {
        "authenticate" => json!({ "type": kind, "token": "another" }),
        _ => json!({ "type": kind, "operation": operation }),
    }
}

#[tokio::test]
async fn every_frame_is_open_to_its_role_and_only_to_its_tenant() {
    let world = Guarded::start_with(|config, _| config.limits.concurrency.sockets = 100).await;
    let mut owned = Vec::new();
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
        let (_, writer) = world.key(tenant, pb::Role::Writer).await;
        let request = pb::CreateCollectionRequest {
            collection_id: "c".to_owned(),
            ..Default::default()
        };
        let mut collections = CollectionServiceClient::new(world.by(&writer));
        collections.create_collection(request).await.unwrap();
        owned.push((tenant, writer));
    }
    let mut tried = 0;
    for (at, (tenant, writer)) in owned.iter().enumerate() {
        let (_, stranger) = &owned[1 - at];
        for (role, asked) in ROLES {
            let (_, key) = world.key(tenant, asked).await;
            for by in By::ALL {
                let mut socket = by.open(&world, &key).await.unwrap();
                for kind in ASKED {
                    let case = format!("{tenant} {role:?} {by:?} {kind}");
                    let own = running(&world, writer).await;
                    socket.tell(said(kind, &own)).await;
                    let answered = socket.frame().await;
                    let reason = answered["reason"].as_str().unwrap_or_default();
                    match (kind, needed(kind)) {
                        (_, Some(needed)) if role < needed => {
                            assert_eq!(reason, "ROLE_TOO_LOW", "{case}: {answered}");
                        }
                        (_, Some(_)) => assert_eq!(answered["type"], "state", "{case}: {answered}"),
                        ("unsubscribe", None) => assert_eq!(reason, "NOT_FOUND", "{case}"),
                        (_, None) => assert_eq!(reason, "INVALID_FIELD", "{case}: {answered}"),
                    }
                    // The states of this subscription must not be taken for the next answer.
                    if kind == "subscribe" {
                        socket.tell(said("unsubscribe", &own)).await;
                        assert!(socket.is_quiet().await, "{case}");
                    }
                    if needed(kind).is_some_and(|needed| role >= needed) {
                        let foreign = running(&world, stranger).await;
                        socket.tell(said(kind, &foreign)).await;
                        assert_eq!(socket.refusal().await, "NOT_FOUND", "{case}, foreign");
                    }
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 2 * 4 * 3 * ASKED.len());
}

#[tokio::test]
async fn every_socket_refuses_clients_without_a_valid_credential() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let (name, revoked) = world.key("acme", pb::Role::Operator).await;
    let request = pb::RevokeApiKeyRequest { name };
    world.admin().revoke_api_key(request).await.unwrap();
    for refused in [revoked.as_str(), "nonsense", "sluice_1_2"] {
        for by in [By::Header, By::SubProtocol] {
            let (code, body) = by.open(&world, refused).await.err().unwrap();
            let told = (code, body["reason"].as_str().unwrap());
            assert_eq!(told, (401, "CREDENTIAL_REFUSED"), "{by:?} {refused}");
        }
        let mut socket = By::FirstFrame.open(&world, refused).await.unwrap();
        assert_eq!(socket.refusal().await, "CREDENTIAL_REFUSED");
        assert_eq!(socket.closed().await, 4401);
    }
    for kind in ASKED.into_iter().filter(|kind| *kind != "authenticate") {
        let mut socket = Watcher::open(world.instance.address).await;
        let operation = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";
        socket.tell(said(kind, operation)).await;
        assert_eq!(socket.refusal().await, "CREDENTIAL_MISSING", "{kind}");
        assert_eq!(socket.closed().await, 4401, "{kind}");
    }
}

/// A socket is closed soon after its key is revoked.
#[tokio::test]
async fn a_revoked_key_closes_its_sockets() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let (name, key) = world.key("acme", pb::Role::Reader).await;
    let mut socket = By::FirstFrame.open(&world, &key).await.unwrap();
    assert!(socket.is_quiet().await);
    let request = pb::RevokeApiKeyRequest { name };
    world.admin().revoke_api_key(request).await.unwrap();
    assert_eq!(socket.refusal().await, "CREDENTIAL_REFUSED");
    assert_eq!(socket.closed().await, 4401);
}
