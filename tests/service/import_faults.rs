//! Disturbed imports: a killed server, a cancellation, a changed file, an instance without the import root.

use std::fs::{File, FileTimes};
use std::io::Write;
use std::path::Path;

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;

use crate::imports::{Root, import, request};
use crate::interruptions::end_lease;
use crate::private;
use crate::rechunks::{FAILED, RUNNING, SUCCEEDED, ended, operation, said, until, upload};
use crate::support::server::Server;
use crate::support::world::{Folder, create_collection, prose, reason, spec};

const CANCELLED: i32 = 4;
/// The bytes of a file that needs several commits.
const LARGE: usize = 12_000_000;

/// Starts a server on a store, with an import root.
fn serve(store: &str, root: &Root) -> Server {
    let root = root.0.0.display().to_string();
    Server::start_with(store, &[("SLUICE_IMPORT__ROOT", &root)])
}

/// Kills the server repeatedly during an import, and compares the result with an undisturbed upload.
async fn check_kills(store: &str, forget_lease: impl AsyncFn()) {
    let root = Root::new();
    let source = prose(LARGE);
    root.write("folder/f.txt", &source);
    let mut server = serve(store, &root);
    create_collection(&server.channel()).await;
    upload(&server.channel(), &spec("undisturbed"), source.as_bytes()).await;
    let begun = import(&server.channel(), request("d", "folder/f.txt")).await;
    let begun = begun.unwrap();
    let (mut committed, mut kills) = (0, 0);
    loop {
        let is_further = |state: &pb::Operation| state.committed_bytes > committed;
        let state = until(&server.channel(), &begun.name, is_further).await;
        if state.state != RUNNING || kills == 5 {
            break;
        }
        drop(server);
        (committed, kills) = (state.committed_bytes, kills + 1);
        forget_lease().await;
        server = serve(store, &root);
        let kept = operation(&server.channel(), &begun.name).await;
        assert!(kept.committed_bytes >= committed, "a commit was lost");
    }
    assert!(kills >= 3, "{kills} kills during the import");
    let ended = ended(&server.channel(), &begun.name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
    let channel = server.channel();
    assert!(said(&channel, "d").await == said(&channel, "undisturbed").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_during_an_import_resumes_it_by_itself() {
    let folder = Folder::new();
    let database = folder.0.join("imports.db");
    let store = database.display().to_string();
    check_kills(&store, async || end_lease(&database).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_database_killed_during_an_import_resumes_it_by_itself() {
    let cluster = private::cluster();
    let store = cluster.database();
    connection::migrate(&store).await.unwrap();
    let name = store.rsplit('/').next().unwrap();
    let forget = "UPDATE leases SET expires_at = 0";
    check_kills(&store, async || drop(cluster.psql(name, forget))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_the_root_leaves_imports_to_instances_that_have_it() {
    let (cluster, root) = (private::cluster(), Root::new());
    root.write("f.txt", prose(100_000));
    let store = cluster.database();
    connection::migrate(&store).await.unwrap();
    let without = Server::start(&store);
    create_collection(&without.channel()).await;
    let with = serve(&store, &root);
    let refused = import(&without.channel(), request("d", "f.txt")).await;
    assert_eq!(reason(&refused.unwrap_err()), "IMPORT_DISABLED");
    let begun = import(&with.channel(), request("d", "f.txt")).await;
    let ended = ended(&without.channel(), &begun.unwrap().name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_can_be_cancelled_and_requested_again() {
    let root = Root::new();
    let world = root.world().await;
    root.write("f.txt", prose(LARGE));
    let begun = import(&world.channel, request("d", "f.txt")).await;
    let name = begun.unwrap().name;
    let middle = until(&world.channel, &name, |state| state.committed_bytes > 0).await;
    assert_eq!(middle.state, RUNNING);
    let mut client = OperationServiceClient::new(world.channel.clone());
    let cancel = pb::CancelOperationRequest { name: name.clone() };
    let cancelled = client.cancel_operation(cancel).await.unwrap().into_inner();
    assert_eq!(cancelled.operation.unwrap().state, CANCELLED);
    let again = import(&world.channel, request("d", "f.txt")).await;
    let again = again.unwrap();
    assert_eq!(ended(&world.channel, &again.name).await.state, SUCCEEDED);
    assert_eq!(operation(&world.channel, &name).await.state, CANCELLED);
}

/// Imports a large file that changes during the import. Returns the last state of the operation.
async fn changed(change: impl FnOnce(&Path)) -> pb::Operation {
    let root = Root::new();
    let world = root.world().await;
    root.write("f.txt", prose(LARGE));
    let begun = import(&world.channel, request("d", "f.txt")).await;
    let name = begun.unwrap().name;
    let middle = until(&world.channel, &name, |state| state.committed_bytes > 0).await;
    assert_eq!(middle.state, RUNNING);
    change(&root.path("f.txt"));
    ended(&world.channel, &name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_during_an_import_fails_it() {
    let append = |path: &Path| {
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(b"more").unwrap();
    };
    let truncate = |path: &Path| {
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(1_000).unwrap();
    };
    let rewrite = |path: &Path| std::fs::write(path, prose(LARGE).to_uppercase()).unwrap();
    // Keeps the modification time, like `cp --preserve=timestamps` or an attacker.
    let disguise = |path: &Path| {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        let mut file = File::options().write(true).open(path).unwrap();
        file.write_all(prose(LARGE).to_uppercase().as_bytes())
            .unwrap();
        let times = FileTimes::new().set_modified(modified);
        file.set_times(times).unwrap();
    };
    // After the removal, the server cannot check whether the file stays the same.
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    let changes: [&dyn Fn(&Path); 5] = [&append, &truncate, &rewrite, &disguise, &remove];
    for change in changes {
        let ended = changed(change).await;
        assert_eq!(
            (ended.state, ended.failure_reason.as_str()),
            (FAILED, "SOURCE_CHANGED")
        );
        assert!(ended.failure_message.contains("has changed"));
    }
}

/// While the server is down, the file is removed, or replaced by one with the same length and modification time.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_replaced_during_a_crash_is_detected_even_if_it_looks_the_same() {
    let text = prose(LARGE);
    let disguised = |path: &Path| {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        std::fs::write(path, text.replacen("Sentence", "sentence", 1)).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        let times = FileTimes::new().set_modified(modified);
        file.set_times(times).unwrap();
    };
    let removed = |path: &Path| std::fs::remove_file(path).unwrap();
    let changes: [&dyn Fn(&Path); 2] = [&disguised, &removed];
    for change in changes {
        let (root, folder) = (Root::new(), Folder::new());
        root.write("f.txt", &text);
        let database = folder.0.join("changed.db");
        let store = database.display().to_string();
        let server = serve(&store, &root);
        create_collection(&server.channel()).await;
        let begun = import(&server.channel(), request("d", "f.txt")).await;
        let name = begun.unwrap().name;
        let middle = until(&server.channel(), &name, |state| state.committed_bytes > 0).await;
        assert_eq!(middle.state, RUNNING);
        drop(server);
        change(&root.path("f.txt"));
        end_lease(&database).await;
        let server = serve(&store, &root);
        let ended = ended(&server.channel(), &name).await;
        assert_eq!(
            (ended.state, ended.failure_reason.as_str()),
            (FAILED, "SOURCE_CHANGED")
        );
    }
}
