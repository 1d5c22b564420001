//! Every method with every role and two tenants. The methods come from the protos, so that a new one is tested too.

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use prost_reflect::{MethodDescriptor, Value};
use sluice::domain::identity::role::Role;
use sluice::interface::grpc::methods::METHODS;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::{Code, Status};

use crate::support::access::{Guarded, Over, by, call};
use crate::support::world::{first, last, metadata, reason, spec};

const ROLES: [(Role, pb::Role); 4] = [
    (Role::Reader, pb::Role::Reader),
    (Role::Writer, pb::Role::Writer),
    (Role::Admin, pb::Role::Admin),
    (Role::Operator, pb::Role::Operator),
];

fn told(answered: Result<Option<bytes::Bytes>, Status>) -> Option<(Code, String)> {
    answered
        .err()
        .map(|status| (status.code(), reason(&status)))
}

/// A caller needs exactly the role that a method declares, for each method, role and tenant.
#[tokio::test]
async fn every_method_is_open_to_its_role_and_refused_to_lower_ones() {
    let world = Guarded::start().await;
    let mut tried = 0;
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
        for (role, asked) in ROLES {
            let (_, key) = world.key(tenant, asked).await;
            let methods = METHODS
                .iter()
                .flat_map(|method| Over::ALL.map(|over| (over, method)));
            for (over, method) in methods {
                let answered = over.call(&world, Some(&key), method.path, Vec::new()).await;
                let case = format!("{over:?} {tenant} {role:?} {}: {answered:?}", method.path);
                let told = told(answered);
                let expected = (Code::PermissionDenied, "ROLE_TOO_LOW".to_owned());
                assert_eq!(
                    told.as_ref() == Some(&expected),
                    role < method.role,
                    "{case}"
                );
                let code = told.map_or(Code::Ok, |(code, _)| code);
                let never = [Code::Unauthenticated, Code::Internal, Code::Unknown];
                assert!(!never.contains(&code), "{case}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 2 * 2 * 4 * 30, "{tried}");
}

/// Calls without a credential, and with a revoked, an expired or an unknown one.
#[tokio::test]
async fn every_method_refuses_callers_without_a_valid_credential() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let (name, revoked) = world.key("acme", pb::Role::Operator).await;
    let request = pb::RevokeApiKeyRequest { name };
    world.admin().revoke_api_key(request).await.unwrap();
    let (_, expired) = world.key_for("acme", pb::Role::Operator, Some(1)).await;
    let (_, known) = world.key("acme", pb::Role::Operator).await;
    // A secret with one wrong digit, and the right secret of another key.
    let wrong = format!("{}{}", &known[..87], u8::from(known.ends_with('0')));
    let other = format!("{}{}", &known[..24], &world.operator[24..]);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let refused = [
        &revoked,
        &expired,
        &wrong,
        &other,
        "",
        "nonsense",
        "sluice_1_2",
    ];
    let methods = METHODS
        .iter()
        .flat_map(|method| Over::ALL.map(|over| (over, method)));
    for (over, method) in methods {
        let none = over.call(&world, None, method.path, Vec::new()).await;
        let missing = (Code::Unauthenticated, "CREDENTIAL_MISSING".to_owned());
        assert_eq!(told(none), Some(missing), "{over:?} {}", method.path);
        let mut messages = Vec::new();
        for shown in refused {
            let status = over
                .call(&world, Some(shown), method.path, Vec::new())
                .await;
            let status = status.unwrap_err();
            let told = (status.code(), reason(&status));
            let expected = (Code::Unauthenticated, "CREDENTIAL_REFUSED".to_owned());
            assert_eq!(told, expected, "{} {shown}", method.path);
            messages.push(status.message().to_owned());
        }
        messages.dedup();
        assert_eq!(
            messages.len(),
            1,
            "the message does not give the cause: {messages:?}"
        );
    }
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    for (path, code) in [
        ("/grpc.health.v1.Health/Check", None),
        (reflection, Some(Code::Unauthenticated)),
        ("/sluice.v1.NoService/Nothing", Some(Code::Unauthenticated)),
    ] {
        let answered = call(by(world.channel.clone(), None), path, Vec::new()).await;
        assert_eq!(told(answered).map(|(code, _)| code), code, "{path}");
    }
    let (_, reader) = world.key("acme", pb::Role::Reader).await;
    let answered = call(world.by(&reader), reflection, Vec::new()).await;
    assert_ne!(
        told(answered).map(|(code, _)| code),
        Some(Code::Unauthenticated)
    );
}

/// The names of tenant acme's resources, by the form of the name in the comments of the protos.
struct Names(Vec<(&'static str, String)>);

impl Names {
    fn of(&self, field: &FieldDescriptor) -> Option<&str> {
        let said = comment(field)?;
        let (_, said) = said.split_once(": ")?;
        let matching = self.0.iter().filter(|(form, _)| said.starts_with(form));
        let longest = matching.max_by_key(|(form, _)| form.len());
        longest.map(|(_, name)| name.as_str())
    }
}

/// Returns the comment above a field.
fn comment(field: &FieldDescriptor) -> Option<String> {
    let file = field.parent_message().parent_file();
    let proto = file.file_descriptor_proto();
    let locations = &proto.source_code_info.as_ref()?.location;
    let location = locations.iter().find(|at| at.path == field.path())?;
    Some(location.leading_comments().trim().to_owned())
}

/// Builds a request that names acme's resources in every field whose comment has the form of such a name after a colon.
/// Also returns whether any field does. Of a oneof, only the given member is set.
fn naming(
    message: &MessageDescriptor,
    names: &Names,
    member: usize,
    depth: u32,
) -> (DynamicMessage, bool) {
    let (mut made, mut names_any) = (DynamicMessage::new(message.clone()), false);
    for field in message.fields() {
        let alternatives = field
            .containing_oneof()
            .filter(|one| one.fields().len() > 1);
        let chosen = alternatives.and_then(|one| one.fields().nth(member));
        if chosen.is_some_and(|chosen| chosen != field) || field.is_list() || field.is_map() {
            continue;
        }
        let kind = field.kind();
        if let (Kind::String, Some(name)) = (&kind, names.of(&field)) {
            made.set_field(&field, Value::String(name.to_owned()));
            names_any = true;
        } else if matches!(field.name(), "document_id" | "principal") {
            made.set_field(&field, Value::String("d".to_owned()));
        } else if kind.as_enum().is_some_and(|of| of.name() == "Role") {
            made.set_field(&field, Value::EnumNumber(1));
        }
        let inner = kind.as_message().filter(|_| depth > 0);
        if let Some(inner) = inner.filter(|inner| inner.package_name() == "sluice.v1") {
            let (inner, names_one) = naming(inner, names, member, depth - 1);
            if names_one {
                made.set_field(&field, Value::Message(inner));
                names_any = true;
            }
        }
        if field.name() == "request_id" && depth < 2 {
            let id = uuid::Uuid::new_v4().to_string();
            made.set_field(&field, Value::String(id));
        }
    }
    (made, names_any)
}

fn described() -> impl Iterator<
    Item = (
        &'static sluice::interface::grpc::methods::Method,
        MethodDescriptor,
    ),
> {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    METHODS.iter().map(move |method| {
        let (service, name) = method.path[1..].split_once('/').unwrap();
        let service = pool.get_service_by_name(service).unwrap();
        let described = service.methods().find(|method| method.name() == name);
        (method, described.unwrap())
    })
}

/// Creates resources of a tenant with its writer's key.
async fn fill(world: &Guarded, key: &str, tenant: &'static str) -> Names {
    let mut collections = CollectionServiceClient::new(world.by(key));
    let collection_id = "c".to_owned();
    let request = pb::CreateCollectionRequest {
        collection_id,
        ..Default::default()
    };
    collections.create_collection(request).await.unwrap();
    let spec = spec("d");
    let messages = vec![last(first(&spec, b"What acme alone may read."))];
    let mut uploads = UploadServiceClient::new(world.by(key));
    let sent = uploads.upload_document(tokio_stream::iter(messages)).await;
    let upload = sent.unwrap().into_inner().upload.unwrap();
    let (api_key, _) = world.key(tenant, pb::Role::Reader).await;
    Names(vec![
        ("collections/{collection}", "collections/c".to_owned()),
        (
            "collections/{collection}/documents/{document}",
            upload.document.clone(),
        ),
        (
            "collections/{collection}/documents/{document}/chunks/{ordinal}",
            format!("{}/chunks/0", upload.document),
        ),
        ("uploads/{upload}", upload.name.clone()),
        ("operations/{operation}", upload.operation.clone()),
        ("tenants/{tenant}", format!("tenants/{tenant}")),
        ("tenants/{tenant}/apiKeys/{uuid}", api_key),
    ])
}

/// A caller who names a resource of another tenant gets `NOT_FOUND` from every method that names resources; its owner
/// does not.
#[tokio::test]
async fn resources_of_another_tenant_are_not_found() {
    let world = Guarded::start().await;
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
    }
    let (_, owner) = world.key("acme", pb::Role::Admin).await;
    let (_, stranger) = world.key("umbrella", pb::Role::Admin).await;
    let names = fill(&world, &owner, "acme").await;
    let mut tried = Vec::new();
    let mut of_owner = Vec::new();
    for (method, described) in described() {
        // Operators manage all tenants.
        if method.role == Role::Operator {
            continue;
        }
        for member in 0..2 {
            let (request, names_any) = naming(&described.input(), &names, member, 2);
            if !names_any {
                continue;
            }
            let message = prost::Message::encode_to_vec(&request);
            for over in Over::ALL {
                let shown = Some(stranger.as_str());
                let answered = over.call(&world, shown, method.path, message.clone()).await;
                let case = format!("{over:?} {} {request}: {answered:?}", method.path);
                let status = answered.expect_err(&case);
                assert_eq!(status.code(), Code::NotFound, "{case}");
                assert_eq!(reason(&status), "NOT_FOUND", "{case}");
                assert!(!metadata(&status, "kind").is_empty(), "{case}");
            }
            tried.push(method.path);
            let ends_something = ["Delete", "Cancel", "Revoke"];
            if !ends_something
                .iter()
                .any(|verb| described.name().starts_with(verb))
            {
                of_owner.push((method.path, message));
            }
        }
    }
    tried.dedup();
    assert!(tried.len() >= 20, "{tried:?}");
    for (path, message) in of_owner {
        let answered = call(world.by(&owner), path, message).await;
        let code = told(answered).map(|(code, _)| code);
        assert_ne!(code, Some(Code::NotFound), "{path} of the owner");
    }
}

/// Two tenants may have the same names and choose the same request ids.
#[tokio::test]
async fn tenants_may_use_the_same_names_and_request_ids() {
    let world = Guarded::start().await;
    let request_id = uuid::Uuid::new_v4().to_string();
    let spec = spec("d");
    for tenant in ["acme", "umbrella"] {
        world.tenant(tenant).await;
        let (_, key) = world.key(tenant, pb::Role::Writer).await;
        let mut collections = CollectionServiceClient::new(world.by(&key));
        let request = pb::CreateCollectionRequest {
            collection_id: "c".to_owned(),
            request_id: request_id.clone(),
            ..Default::default()
        };
        for _ in 0..2 {
            let created = collections.create_collection(request.clone()).await;
            assert_eq!(
                created.unwrap().into_inner().collection.unwrap().name,
                "collections/c"
            );
        }
        let text = format!("The text of {tenant}.");
        let messages = vec![last(first(&spec, text.as_bytes()))];
        let mut uploads = UploadServiceClient::new(world.by(&key));
        let sent = uploads.upload_document(tokio_stream::iter(messages)).await;
        let upload = sent.unwrap().into_inner().upload.unwrap();
        assert_eq!(upload.name, format!("uploads/{}", spec.request_id));
        let mut chunks = pb::chunk_service_client::ChunkServiceClient::new(world.by(&key));
        let name = format!("{}/chunks/0", upload.document);
        let chunk = chunks
            .get_chunk(pb::GetChunkRequest {
                name,
                ..Default::default()
            })
            .await
            .unwrap();
        assert_eq!(chunk.into_inner().chunk.unwrap().text, text);
        let list = collections
            .list_collections(pb::ListCollectionsRequest::default())
            .await;
        let list = list.unwrap().into_inner().collections;
        let names = list.iter().map(|collection| collection.name.as_str());
        assert!(names.eq(["collections/c", "collections/default"]));
    }
}
