//! Quotas of tenants: a refusal names the quota, and an upload resumes when there is room.

use std::process::Command;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::access::{Guarded, Shown};
use crate::support::server::{SLUICE, program};
use crate::support::world::{
    expected, first, last, metadata, more, name_of, plain, prose, reason, resumed, spec, whole,
};

const PIECE: usize = 200_000;

/// Creates a tenant, and returns the key and the channel of its writer, which has created a collection.
async fn acme(world: &Guarded) -> (String, Shown) {
    world.tenant("acme").await;
    let (_, key) = world.key("acme", pb::Role::Writer).await;
    let writer = world.by(&key);
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut collections = CollectionServiceClient::new(writer.clone());
    collections.create_collection(request).await.unwrap();
    (key, writer)
}

async fn allow(world: &Guarded, quotas: pb::Quotas) -> pb::Tenant {
    let request = pb::UpdateTenantRequest {
        name: "tenants/acme".to_owned(),
        disabled: None,
        quotas: Some(quotas),
    };
    let updated = world.admin().update_tenant(request).await.unwrap();
    updated.into_inner().tenant.unwrap()
}

async fn send(
    writer: &Shown,
    messages: Vec<pb::UploadDocumentRequest>,
) -> Result<pb::Upload, Status> {
    let mut uploads = UploadServiceClient::new(writer.clone());
    let sent = uploads
        .upload_document(tokio_stream::iter(messages))
        .await?;
    Ok(sent.into_inner().upload.unwrap())
}

fn is_crossed(status: &Status, quota: &str) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(
        (reason(status).as_str(), &*metadata(status, "quota")),
        ("QUOTA_EXCEEDED", quota)
    );
    let details = status.get_error_details();
    let violations = &details.quota_failure().unwrap().violations;
    assert_eq!(violations[0].subject, "tenant");
    assert!(details.retry_info().is_none(), "waiting does not help");
}

/// The program must exit at once, instead of retrying for an hour.
fn the_program_exits_over_a_quota(world: &Guarded, key: &str) {
    let file = world.folder.0.join("e.txt");
    std::fs::write(&file, "more").unwrap();
    let server = format!("http://{}", world.instance.address);
    let done = Command::new("timeout")
        .args(["20", SLUICE, "upload", "--server", &server])
        .arg(file)
        .env("SLUICE_API_KEY", key)
        .output()
        .unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        done.status.code() == Some(1) && said.contains("quota"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_over_a_quota_is_refused_and_resumes_when_there_is_room() {
    let world = Guarded::start().await;
    let (key, writer) = acme(&world).await;
    let source = prose(2_000_000);
    let quotas = pb::Quotas {
        documents: Some(1),
        bytes: Some(1_000_000),
        uploads: None,
    };
    let tenant = allow(&world, quotas).await;
    assert_eq!(tenant.quotas, Some(quotas));
    assert_eq!(tenant.usage, Some(pb::Usage::default()));
    let upload = spec("d");
    let refused = send(&writer, whole(&upload, source.as_bytes(), PIECE))
        .await
        .unwrap_err();
    is_crossed(&refused, "bytes");
    let mut uploads = UploadServiceClient::new(writer.clone());
    let name = name_of(&upload);
    let found = uploads
        .get_upload(pb::GetUploadRequest { name: name.clone() })
        .await;
    let found = found.unwrap().into_inner().upload.unwrap();
    assert_eq!(found.state(), pb::upload::State::Running);
    assert!(
        (1..=1_000_000).contains(&found.committed_offset),
        "{found:?}"
    );
    let other = send(&writer, vec![last(first(&spec("e"), b"more"))])
        .await
        .unwrap_err();
    is_crossed(&other, "documents");
    the_program_exits_over_a_quota(&world, &key);
    allow(&world, pb::Quotas::default()).await;
    let from = usize::try_from(found.committed_offset).unwrap();
    let mut messages = vec![resumed(&name, found.committed_offset, b"")];
    let pieces = source.as_bytes()[from..].chunks(PIECE).enumerate();
    messages.extend(
        pieces.map(|(number, piece)| more(i64::try_from(from + number * PIECE).unwrap(), piece)),
    );
    let end = messages.pop().unwrap();
    messages.push(last(end));
    let upload = send(&writer, messages).await.unwrap();
    assert_eq!(upload.state(), pb::upload::State::Succeeded);
    let rows = rows(&writer, &upload.document).await;
    assert!(plain(&rows) == expected(&source), "the rows differ");
    let tenant = allow(&world, quotas).await;
    let usage = pb::Usage {
        documents: 1,
        bytes: i64::try_from(source.len()).unwrap(),
        uploads: 0,
    };
    assert_eq!(
        tenant.usage,
        Some(usage),
        "documents stored before the quota are counted"
    );
}

async fn rows(reader: &Shown, document: &str) -> Vec<pb::Chunk> {
    let request = pb::StreamChunksRequest {
        document: document.to_owned(),
        ..Default::default()
    };
    let mut chunks = pb::chunk_service_client::ChunkServiceClient::new(reader.clone());
    let mut pages = chunks.stream_chunks(request).await.unwrap().into_inner();
    let mut rows = Vec::new();
    while let Some(page) = pages.message().await.unwrap() {
        rows.extend(page.chunks);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn running_uploads_are_a_quota_and_quotas_are_set_from_the_command_line() {
    let world = Guarded::start().await;
    let (_, writer) = acme(&world).await;
    let url = format!("http://{}", world.instance.address);
    let shell = |arguments: &[&str]| {
        let mut command = program();
        command.args([
            "admin", "quotas", "acme", "--server", &url, "--output", "json",
        ]);
        let done = command
            .args(arguments)
            .env("SLUICE_API_KEY", &world.operator)
            .output();
        let done = done.unwrap();
        (
            done.status.success(),
            String::from_utf8(done.stdout).unwrap(),
        )
    };
    let (_, none) = shell(&[]);
    assert!(
        none.contains(r#"{"most":null,"quota":"uploads","used":null}"#),
        "{none}"
    );
    let (_, set) = shell(&["--uploads", "1", "--bytes", "1000000000"]);
    assert!(
        set.contains(r#"{"most":1,"quota":"uploads","used":0}"#),
        "{set}"
    );
    assert!(!shell(&["--uploads", "-1"]).0 && !shell(&["--uploads", "many"]).0);
    send(&writer, vec![first(&spec("d"), b"unfinished")])
        .await
        .unwrap();
    let refused = send(&writer, vec![last(first(&spec("e"), b"more"))])
        .await
        .unwrap_err();
    is_crossed(&refused, "uploads");
    let (_, freed) = shell(&["--uploads", "none"]);
    assert!(
        freed.contains(r#"{"most":1000000000,"quota":"bytes","used":67108864}"#),
        "{freed}"
    );
    assert!(
        freed.contains(r#"{"most":null,"quota":"uploads","used":1}"#),
        "{freed}"
    );
    send(&writer, vec![last(first(&spec("e"), b"more"))])
        .await
        .unwrap();
    let negative = pb::UpdateTenantRequest {
        name: "tenants/acme".to_owned(),
        quotas: Some(pb::Quotas {
            bytes: Some(-1),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = world.admin().update_tenant(negative).await.unwrap_err();
    assert_eq!(reason(&refused), "INVALID_FIELD");
    assert!(
        refused.message().contains("quotas.bytes"),
        "{}",
        refused.message()
    );
}
