//! The audit log: principal, method, target, source and result of each change, and the detection of changed entries.

use std::time::{Duration, Instant};

use serde_json::json;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::admin_service_client::AdminServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use tonic::Status;

use crate::support::access::{Guarded, Shown, call};
use crate::support::server::program;
use crate::support::watcher::Watcher;
use crate::support::world::{Folder, first, last, name_of, reason, spec};

const DELETE: &str = "/sluice.v1.DocumentService/DeleteDocument";

async fn listed(by: Shown, parent: &str, page_size: i32) -> Result<Vec<pb::AuditEvent>, Status> {
    let mut client = AdminServiceClient::new(by);
    let (mut events, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListAuditEventsRequest {
            parent: parent.to_owned(),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = client.list_audit_events(request).await?.into_inner();
        events.extend(page.audit_events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(events);
        }
    }
}

/// Returns a tenant's events of a method, oldest first. Waits until there are at least `times`.
async fn done(by: &Shown, parent: &str, method: &str, times: usize) -> Vec<pb::AuditEvent> {
    let begun = Instant::now();
    loop {
        let events = listed(by.clone(), parent, 3).await.unwrap();
        let of = events
            .into_iter()
            .filter(|event| event.method.ends_with(method));
        let mut of = of.collect::<Vec<_>>();
        of.reverse();
        if of.len() >= times {
            return of;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{method}: {of:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn told(event: &pb::AuditEvent) -> (&str, &str, &str, &str) {
    (
        &event.principal,
        &event.target,
        &event.result,
        &event.source,
    )
}

/// Creates a collection and a document as a tenant's writer. Cancels another upload over a WebSocket, and tries to
/// delete a document with an invalid name.
async fn worked(world: &Guarded, key: &str) {
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut collections = CollectionServiceClient::new(world.by(key));
    collections.create_collection(request).await.unwrap();
    let mut uploads = UploadServiceClient::new(world.by(key));
    let messages = vec![last(first(&spec("d"), b"some text"))];
    uploads
        .upload_document(tokio_stream::iter(messages))
        .await
        .unwrap();
    let other = spec("e");
    let messages = vec![first(&other, b"unfinished")];
    uploads
        .upload_document(tokio_stream::iter(messages))
        .await
        .unwrap();
    let shown = format!("Bearer {key}");
    let headers = [("authorization", shown.as_str())];
    let mut socket = Watcher::open_with(world.instance.address, &headers)
        .await
        .unwrap();
    let operation = name_of(&other).replace("uploads", "operations");
    socket
        .tell(json!({ "type": "cancel", "operation": operation }))
        .await;
    assert_eq!(socket.state().await["state"], "STATE_CANCELLED");
    let request = pb::DeleteDocumentRequest {
        name: "collections/c/documents/none\u{7}".to_owned(),
        ..Default::default()
    };
    let mut documents = DocumentServiceClient::new(world.by(key));
    documents.delete_document(request).await.unwrap_err();
    let update = pb::UpdateDocumentRequest {
        document: Some(pb::Document {
            name: "collections/c/documents/d".to_owned(),
            display_name: "A name".to_owned(),
            ..Default::default()
        }),
        update_mask: None,
    };
    documents.update_document(update).await.unwrap();
}

#[tokio::test]
async fn changes_are_recorded_and_listed_for_the_admins_of_their_tenant() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    world.tenant("umbrella").await;
    let (_, writer) = world.key("acme", pb::Role::Writer).await;
    let (_, admin) = world.key("acme", pb::Role::Admin).await;
    let (_, stranger) = world.key("umbrella", pb::Role::Admin).await;
    worked(&world, &writer).await;
    let admin = world.by(&admin);
    let who = "ROLE_WRITER@acme";
    let from = "127.0.0.1";
    let created = done(&admin, "tenants/acme", "CreateCollection", 1).await;
    assert_eq!(told(&created[0]), (who, "c", "OK", from));
    let uploaded = done(&admin, "tenants/acme", "UploadDocument", 2).await;
    let document = "collections/c/documents/d";
    assert_eq!(told(&uploaded[0]), (who, document, "OK", from));
    let updated = done(&admin, "tenants/acme", "UpdateDocument", 1).await;
    assert_eq!(told(&updated[0]), (who, document, "OK", from));
    let cancelled = done(&admin, "tenants/acme", "CancelOperation", 1).await;
    assert!(
        cancelled[0].target.starts_with("operations/"),
        "{cancelled:?}"
    );
    let deleted = done(&admin, "tenants/acme", "DeleteDocument", 1).await;
    let target = "collections/c/documents/none\u{fffd}";
    assert_eq!(told(&deleted[0]), (who, target, "INVALID_ARGUMENT", from));
    let all = listed(admin.clone(), "tenants/acme", 0).await.unwrap();
    assert!(
        all.iter()
            .all(|event| event.tenant == "tenants/acme" && event.count == 1)
    );
    assert!(
        all.iter().all(|event| !event.method.contains("/Get")),
        "a read was recorded"
    );
    assert!(all.is_sorted_by_key(|event| std::cmp::Reverse(
        event.event_time.map(|time| (time.seconds, time.nanos))
    )));

    let refused = listed(world.by(&stranger), "tenants/acme", 0)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
    let refused = listed(admin.clone(), "tenants/-", 0).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_TOO_LOW");
    let operator = world.by(&world.operator);
    let keys = done(&operator, "tenants/-", "CreateApiKey", 3).await;
    assert_eq!(told(&keys[0]), ("operator", "tenants/acme", "OK", from));
    let mut since = AdminServiceClient::new(admin);
    let request = |seconds| pb::ListAuditEventsRequest {
        parent: "tenants/acme".to_owned(),
        start_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..Default::default()
    };
    let later = since
        .list_audit_events(request(250_000_000_000))
        .await
        .unwrap();
    assert_eq!(later.into_inner().audit_events, []);
    let wrong = since.list_audit_events(request(-1)).await.unwrap_err();
    assert_eq!(reason(&wrong), "INVALID_FIELD");
}

/// Opens the store of a stopped server.
async fn store(folder: &Folder) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.0.join("test.db"));
    options.connect().await.unwrap()
}

async fn run(store: &mut SqliteConnection, statement: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(store)
        .await?;
    Ok(done.rows_affected())
}

/// Runs `sluice admin verify-audit`. Returns its standard output, or its standard error if it fails.
fn verify(folder: &Folder, arguments: &[&str]) -> Result<String, String> {
    let mut command = program();
    command
        .args(["admin", "verify-audit", "--store"])
        .arg(folder.0.join("test.db"));
    let done = command.args(arguments).output().unwrap();
    if done.status.success() {
        Ok(String::from_utf8(done.stdout).unwrap())
    } else {
        Err(String::from_utf8(done.stderr).unwrap())
    }
}

#[test]
fn a_store_that_does_not_exist_is_not_verified_and_not_created() {
    let folder = Folder::new();
    let complaint = verify(&folder, &[]).unwrap_err();
    assert!(complaint.contains("does not exist"), "{complaint}");
    assert!(!folder.0.join("test.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_summed_and_a_changed_log_is_detected() {
    let world = Guarded::start().await;
    world.tenant("acme").await;
    let (_, reader) = world.key("acme", pb::Role::Reader).await;
    for _ in 0..40 {
        call(world.by("nonsense"), DELETE, Vec::new())
            .await
            .unwrap_err();
        call(world.by(&reader), DELETE, Vec::new())
            .await
            .unwrap_err();
    }
    let Guarded {
        instance, folder, ..
    } = world;
    instance.stop().await.unwrap();
    let mut store = store(&folder).await;
    let sums = "SELECT principal || ' ' || source || ' ' || result || ' ' || sum(count) || ' '
        || (count(*) <= 2) FROM audit_entries WHERE method LIKE '%DeleteDocument'
        GROUP BY principal, source, result ORDER BY principal";
    let sums = sqlx::query_scalar::<_, String>(sums)
        .fetch_all(&mut store)
        .await
        .unwrap();
    let expected = [
        " 127.0.0.1 UNAUTHENTICATED 40 1",
        "ROLE_READER@acme 127.0.0.1 PERMISSION_DENIED 40 1",
    ];
    assert_eq!(sums, expected, "one entry a minute");

    let heads = verify(&folder, &[]).unwrap();
    let told = folder.0.join("heads");
    std::fs::write(&told, &heads).unwrap();
    let told = ["--heads", told.to_str().unwrap()];
    assert_eq!(verify(&folder, &told).unwrap(), heads);
    for statement in [
        "UPDATE audit_entries SET principal = 'nobody' WHERE seq = 1",
        "DELETE FROM audit_entries WHERE seq = 1",
        "DELETE FROM audit_entries",
    ] {
        let refused = run(&mut store, statement).await.unwrap_err();
        assert!(refused.to_string().contains("not changed"), "{refused}");
    }
    assert_eq!(verify(&folder, &told).unwrap(), heads);
    for trigger in ["audit_entries_stay", "audit_entries_stay_all"] {
        run(&mut store, &format!("DROP TRIGGER {trigger}"))
            .await
            .unwrap();
    }
    let end = "seq = (SELECT max(seq) FROM audit_entries)";
    for (statement, back, fault) in [
        (
            "UPDATE audit_entries SET result = 'NO' WHERE seq = 1 AND result = 'OK'".to_owned(),
            "UPDATE audit_entries SET result = 'OK' WHERE seq = 1",
            "entry 1 was changed",
        ),
        (
            format!("DELETE FROM audit_entries WHERE {end}"),
            "",
            "entries are missing",
        ),
    ] {
        assert_eq!(run(&mut store, &statement).await.unwrap(), 1, "{statement}");
        let found = verify(&folder, &[]).unwrap_err();
        assert!(found.contains(fault), "{found}");
        if !back.is_empty() {
            run(&mut store, back).await.unwrap();
            assert_eq!(verify(&folder, &told).unwrap(), heads);
        }
    }
}

/// The server deletes old entries, and the remaining ones still verify.
#[tokio::test(flavor = "multi_thread")]
async fn old_entries_are_deleted_and_the_rest_still_verifies() {
    let world = Guarded::start_with(|config, _| {
        config.audit.kept_seconds = 1;
        config.retention.sweep_every_seconds = 1;
    })
    .await;
    let operator = world.by(&world.operator);
    world.tenant("acme").await;
    let first = done(&operator, "tenants/-", "CreateTenant", 1)
        .await
        .remove(0);
    let begun = Instant::now();
    loop {
        // Records a new event.
        world.key("acme", pb::Role::Reader).await;
        let events = listed(operator.clone(), "tenants/-", 0).await.unwrap();
        if !events.contains(&first) && !events.is_empty() {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the old entry was not deleted"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let Guarded {
        instance, folder, ..
    } = world;
    instance.stop().await.unwrap();
    let heads = verify(&folder, &[]).unwrap();
    assert_eq!(heads.lines().count(), 1);
    let mut store = store(&folder).await;
    let forged = "UPDATE audit_chains SET checkpoint_seq = checkpoint_seq + 1";
    run(&mut store, forged).await.unwrap();
    let found = verify(&folder, &[]).unwrap_err();
    assert!(found.contains("the checkpoint is not signed"), "{found}");
}
